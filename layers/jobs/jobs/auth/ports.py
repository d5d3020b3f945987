"""Ports of authentication. Every method may raise `UnavailableError`."""

from typing import Protocol

from jobs.auth.api_key import ApiKey
from jobs.kit.clock import Millis


class ApiKeys(Protocol):
    def key(self, key_id: str) -> ApiKey | None:
        """Return the key with this id, also if it has expired; None if unknown."""


class KeyUses(Protocol):
    def note(self, key_id: str, hour: Millis) -> None:
        """Store the last hour in which an existing key was used. Idempotent, and fails fast."""
