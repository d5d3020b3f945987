"""How providers get their credentials: by name, at the last moment."""

from typing import Protocol


class SecretReader(Protocol):
    def read(self, name: str) -> str: ...
