"""What API keys need from the outside world. Every method may raise `UnavailableError`."""

from typing import Protocol

from jobs.auth.api_key import ApiKey


class ApiKeys(Protocol):
    def key(self, key_id: str) -> ApiKey | None:
        """Return the key of this id, valid or not; None for an unknown one."""
