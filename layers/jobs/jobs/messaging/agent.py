"""Agents, who answer messages; and the keys of those who may ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


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


def chosen(agents: Sequence[Agent], agent_id: str | None) -> Agent | None:
    """Return the active agent of this id, or the first active one where none is named."""
    return next((a for a in agents if a.active and agent_id in {a.id, None}), None)
