"""Agents, which answer messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.kit.clock import Millis
from jobs.messaging.message import MAX_TIMEOUT

WORKER: Final = "worker"
"""The provider of agents whose jobs programs of the tenant's own claim."""
DEFAULT_MAX_ATTEMPTS: Final = 5


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

    @property
    def is_for_workers(self) -> bool:
        return self.provider == WORKER

    @property
    def max_attempts(self) -> int:
        """How often workers may claim a job."""
        return int(self.settings.get("maxAttempts", DEFAULT_MAX_ATTEMPTS))

    @property
    def timeout(self) -> Millis | None:
        """The timeout of a job that names none; None: that of the deployment."""
        seconds = self.settings.get("timeoutSeconds") if self.is_for_workers else None
        return None if seconds is None else int(seconds) * 1000

    @property
    def max_timeout(self) -> Millis:
        return self.timeout or MAX_TIMEOUT


def pick_agent(agents: Sequence[Agent], agent_id: str | None) -> Agent | None:
    """Return the active agent of this id, or the first active one if the id is None."""
    return next((a for a in agents if a.active and agent_id in {a.id, None}), None)
