"""API keys. Only their SHA-256 is stored."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from jobs.kit.clock import Millis

PAYERS: Final = "payers"
"""The tenant of requests without an API key, where a payment replaces it. It has no keys."""
OPERATORS: Final = "_operators"
"""The owner of keys for the admin API. No tenant can have this id."""
ADMIN_API: Final = "admin"
WORKERS_API: Final = "workers"
ALL_AGENTS: Final = "*"
"""The scope of a worker's key for all agents of its tenant. Other scopes are ids of agents."""


class Scope(StrEnum):
    """A permission of a key, in an API with scopes."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key as stored: its tenant, and the SHA-256 of the whole key in hex.

    `opens` names the one public API that accepts the key. Without `expires_at`, the key is valid
    until it is removed. `used_at` is the last hour in which it was used, `replaced_by` the id of
    the key that a rotation created. Keys of earlier versions have no name and no `created_at`.
    `scopes` are values of `Scope`, or of a worker's key its agents.
    """

    id: str
    tenant: str
    sha256: str
    opens: str = "messaging"
    scopes: frozenset[str] = frozenset()
    expires_at: Millis | None = None
    used_at: Millis | None = None
    name: str = ""
    created_at: Millis | None = None
    replaced_by: str | None = None

    def is_valid(self, now: Millis) -> bool:
        return self.expires_at is None or now < self.expires_at
