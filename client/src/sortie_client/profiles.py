"""Servers that `sortie login` keeps: addresses and keys, in a file that only the user can read."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from sortie_client.errors import NotConfiguredError


@dataclass(frozen=True)
class Profiles:
    """`variables`: the `SORTIE_…` variables of each profile; `default`: the last one logged in."""

    default: str | None = None
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the file; without one, there are no profiles. Raises `NotConfiguredError`."""
        path = profiles_path(environment)
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError) as error:
            raise NotConfiguredError(
                f"{path} cannot be read: delete it, and log in again"
            ) from error

    def find(self, name: str) -> Mapping[str, str]:
        """Return a profile's variables. Raises `NotConfiguredError`."""
        if name not in self.variables:
            known = ", ".join(self.variables) or "none"
            raise NotConfiguredError(
                f"There is no profile {name}. Known profiles: {known}. Add it: sortie login {name}"
            )
        return self.variables[name]

    def put(self, name: str, variables: Mapping[str, str]) -> "Profiles":
        return Profiles(name, {**self.variables, name: variables})

    def remove(self, name: str) -> "Profiles":
        self.find(name)
        left = {each: it for each, it in self.variables.items() if each != name}
        return Profiles(None if self.default == name else self.default, left)

    def write(self, environment: Mapping[str, str] = os.environ) -> Path:
        """Replace the file, and return its path. At no time can others read it."""
        path = profiles_path(environment)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(json.dumps(asdict(self), indent=2) + "\n")
        new.replace(path)
        return path


def profiles_path(environment: Mapping[str, str] = os.environ) -> Path:
    folder = environment.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(folder).expanduser() / "sortie/profiles.json"
