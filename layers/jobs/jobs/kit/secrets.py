"""The port for secrets, such as the credentials of providers."""

from typing import Protocol


class SecretReader(Protocol):
    def read(self, name: str) -> str: ...
