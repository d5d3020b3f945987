"""Agents, which answer messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A registered agent. The default is the active one with the lowest `order`, then id.

    With the setting `stream: false`, its answers are read whole.
    """

    id: str
    name: str
    bio: str = ""
    order: int = 0
    active: bool = True
    provider: str = "echo"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def streams(self) -> bool:
        return self.settings.get("stream") is not False


def pick_agent(agents: Sequence[Agent], agent_id: str | None) -> Agent | None:
    """Return the active agent of this id, or the first active one if the id is None."""
    return next((a for a in agents if a.active and agent_id in {a.id, None}), None)
