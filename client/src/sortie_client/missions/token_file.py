"""Access tokens in a file that only the user can read, for programs that run for seconds.

Amazon Cognito bills each token: https://aws.amazon.com/cognito/pricing/
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from sortie_client.settings import Settings


def default_path() -> Path:
    folder = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(folder).expanduser() / "sortie/tokens.json"


@dataclass(frozen=True)
class TokenFile:
    """A cache: a file that cannot be read or written costs a new token, and nothing else.

    `key` identifies a server and its credentials, without revealing them.
    """

    path: Path
    key: str = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        own = settings.missions
        if settings.token_file is None or own is None:
            return None
        parts = [settings.base_url, own.api_key, own.client_id, own.client_secret]
        return cls(settings.token_file, sha256(json.dumps(parts).encode()).hexdigest())

    def get(self) -> tuple[str, float] | None:
        """Return the token and the seconds until it expires, or None."""
        match self._read().get(self.key):
            case [str(token), float() | int() as expires_at]:
                return token, expires_at - time.time()
        return None

    def put(self, token: str, lifetime: float) -> None:
        now = time.time()
        live = {
            key: entry
            for key, entry in self._read().items()
            if isinstance(entry, list) and isinstance(entry[-1], float) and entry[-1] > now
        }
        with suppress(OSError):
            self._write(json.dumps({**live, self.key: [token, now + lifetime]}))

    def _read(self) -> dict[str, Any]:
        try:
            entries = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}

    def _write(self, text: str) -> None:
        """Replace the file. At no time can others read it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        new.replace(self.path)
