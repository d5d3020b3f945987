"""Where a server is, and who is calling: given, or found in the environment or a running stack."""

import json
import os
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from sortie_client._calls import Retries
from sortie_client.errors import NotConfiguredError

STACK_FILE: Final = Path(".local/stack.json")
_VARIABLES: Final = {
    "SORTIE_BASE_URL": ("baseUrl",),
    "SORTIE_WEBSOCKET_URL": ("webSocketUrl",),
    "SORTIE_API_KEY": ("messaging", "apiKey"),
    "SORTIE_MISSIONS_API_KEY": ("missions", "apiKey"),
    "SORTIE_CLIENT_ID": ("missions", "clientId"),
    "SORTIE_CLIENT_SECRET": ("missions", "clientSecret"),
    "SORTIE_DEVICE_GROUP": ("missions", "deviceGroupId"),
    "SORTIE_DOCS_API_KEY": ("docsAgents", "apiKey"),
    "SORTIE_PROJECT": ("docsAgents", "projectId"),
    "SORTIE_STACK": ("stackName",),
    "AWS_ENDPOINT_URL": ("awsEndpointUrl",),
}


@dataclass(frozen=True, kw_only=True)
class MissionsKeys:
    """What `make partner` shows once."""

    api_key: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class DocsKeys:
    """A key `mint_…`, and the project it is used for where a call names no other."""

    api_key: str = field(repr=False)
    project: str | None = None


@dataclass(frozen=True)
class Settings:
    """`timeout`: seconds that the server may be silent. What is not used may be left out."""

    base_url: str
    _: KW_ONLY
    api_key: str | None = field(default=None, repr=False)
    missions: MissionsKeys | None = None
    docs: DocsKeys | None = None
    websocket_url: str | None = None
    timeout: float = 30.0
    retries: Retries = field(default_factory=Retries)

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")):
            raise NotConfiguredError(f"{self.base_url!r} is no address; it begins with https://")

    @classmethod
    def find(cls, environment: Mapping[str, str] = os.environ, folder: Path | None = None) -> Self:
        """Read the environment's `SORTIE_…`, or what `make up` has written in this folder or above.

        Where `SORTIE_BASE_URL` is set, no file is read: its keys are for another server. Raises
        `NotConfiguredError`.
        """
        found = configuration(environment, folder)
        if "SORTIE_BASE_URL" not in found:
            raise NotConfiguredError(
                "No server is known: run `make up` in this folder, or set SORTIE_BASE_URL"
                " and SORTIE_API_KEY"
            )
        return cls(
            found["SORTIE_BASE_URL"],
            api_key=found.get("SORTIE_API_KEY"),
            websocket_url=found.get("SORTIE_WEBSOCKET_URL"),
            missions=_missions(found),
            docs=_docs(found),
        )


def configuration(
    environment: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Mapping[str, str]:
    """Return the variables that are set, and those that the stack's file stands for."""
    given = {name: environment[name] for name in _VARIABLES if environment.get(name)}
    if "SORTIE_BASE_URL" in given:
        return given
    return _of_stack(_stack_file(environment, folder or Path.cwd())) | given


def _stack_file(environment: Mapping[str, str], folder: Path) -> Path | None:
    if named := environment.get("SORTIE_STACK_FILE"):
        return Path(named)
    candidates = (each / STACK_FILE for each in (folder, *folder.parents))
    return next((each for each in candidates if each.is_file()), None)


def _of_stack(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        stack = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise NotConfiguredError(f"{file} cannot be read; is `make up` running?") from error
    values = {name: _at(stack, where) for name, where in _VARIABLES.items()}
    return {name: str(value) for name, value in values.items() if value is not None}


def _at(value: Any, where: tuple[str, ...]) -> Any:
    for name in where:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _missions(found: Mapping[str, str]) -> MissionsKeys | None:
    names = ("SORTIE_MISSIONS_API_KEY", "SORTIE_CLIENT_ID", "SORTIE_CLIENT_SECRET")
    if not all(name in found for name in names):
        return None
    api_key, client_id, client_secret = (found[name] for name in names)
    return MissionsKeys(api_key=api_key, client_id=client_id, client_secret=client_secret)


def _docs(found: Mapping[str, str]) -> DocsKeys | None:
    key = found.get("SORTIE_DOCS_API_KEY")
    return DocsKeys(api_key=key, project=found.get("SORTIE_PROJECT")) if key else None
