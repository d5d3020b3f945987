"""Secrets in a file that only its owner may read, for a server without Secrets Manager."""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from jobs.kit.errors import FailureClass, RefusedError, UnavailableError

_MODE: Final = 0o600


class FileSecrets:
    """A JSON object of names and texts. Changes hold at once: the file is small.

    The file is apart from the database, so that no backup of the database has a secret.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: dict[str, str] = {}

    def hold(self, name: str, text: str) -> None:
        """Have a secret in memory only, for as long as the process runs."""
        self._held[name] = text

    def read(self, name: str) -> str:
        found = self._held.get(name) or self._load().get(name)
        if isinstance(found, str):
            return found
        raise RefusedError(
            "A secret does not exist. The operator of this server must create it",
            FailureClass.CREDENTIALS,
            detail=f"secret {name} is not in {self._path.name}",
        )

    def put(self, name: str, text: str) -> None:
        """Store a secret. The file is replaced as a whole, so that readers never see a part."""
        kept = {**self._load(), name: text}
        draft = self._path.with_suffix(".new")
        draft.unlink(missing_ok=True)  # left by a process that was killed
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def ensure(self, name: str) -> None:
        """Make a random secret, unless there is one."""
        if name not in self._load():
            self.put(name, secrets.token_urlsafe(32))

    def _load(self) -> dict[str, Any]:
        try:
            loaded = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise UnavailableError(f"{self._path.name} cannot be read") from error
        except ValueError:
            loaded = None
        if not isinstance(loaded, dict):
            raise RefusedError(
                "The secrets of this server cannot be read. Its operator must repair their file",
                FailureClass.CREDENTIALS,
                detail=f"{self._path.name} is not a JSON object of names and texts",
            )
        return loaded
