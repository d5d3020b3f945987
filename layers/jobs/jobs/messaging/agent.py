"""Agents, who answer messages; and the keys of those who may ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from jobs.core.job import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A registered agent. Who names none gets the active one of lowest `order`, then id."""

    id: str
    name: str
    bio: str = ""
    order: int = 0
    active: bool = True
    provider: str = "echo"
    settings: Mapping[str, Any] = field(default_factory=dict)


class Scope(StrEnum):
    """What a key lets its owner do, in an API that asks for scopes."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A credential's public half: whose it is, and the SHA-256 of the whole key in hex.

    `opens` is the one public API that it is for. Without `expires_at` it lasts until it is removed.
    """

    id: str
    tenant: str
    sha256: str
    opens: str = "messaging"
    scopes: frozenset[Scope] = frozenset()
    expires_at: Millis | None = None

    def is_valid(self, now: Millis) -> bool:
        return self.expires_at is None or now < self.expires_at


def chosen(agents: Sequence[Agent], agent_id: str | None) -> Agent | None:
    """Return the active agent of this id, or the first active one where none is named."""
    return next((a for a in agents if a.active and agent_id in {a.id, None}), None)
