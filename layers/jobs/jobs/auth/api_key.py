"""API keys. Only their SHA-256 is stored."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from jobs.kit.clock import Millis

PAYERS: Final = "payers"
"""The tenant of requests without an API key, where a payment replaces it. It has no keys."""


class Scope(StrEnum):
    """A permission of a key, in an API with scopes."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key as stored: its tenant, and the SHA-256 of the whole key in hex.

    `opens` names the one public API that accepts the key. Without `expires_at`, the key is valid
    until it is removed.
    """

    id: str
    tenant: str
    sha256: str
    opens: str = "messaging"
    scopes: frozenset[Scope] = frozenset()
    expires_at: Millis | None = None

    def is_valid(self, now: Millis) -> bool:
        return self.expires_at is None or now < self.expires_at
