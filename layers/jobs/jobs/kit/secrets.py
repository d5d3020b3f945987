"""The port for secrets, such as the credentials of providers."""

from typing import Protocol


class SecretReader(Protocol):
    def read(self, name: str) -> str:
        """Return a secret. Raises `UnavailableError`, and `RefusedError` without a readable one."""
