"""Ports of authentication. Every method may raise `UnavailableError`."""

from typing import Protocol

from jobs.auth.api_key import ApiKey


class ApiKeys(Protocol):
    def key(self, key_id: str) -> ApiKey | None:
        """Return the key with this id, also if it has expired; None if unknown."""
