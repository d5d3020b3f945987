"""Flow control of webhooks: a receiver that keeps failing is paused, and a tenant has some places.

https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
"""

from dataclasses import dataclass
from typing import Final

from jobs.kit.clock import Millis

MAX_FAILURES: Final = 10
"""In a row. Then the receiver is paused."""
LEASE_MS: Final[Millis] = 60_000
"""The longest time that an attempt may take: the timeout of the worker's function."""
_MIN_PAUSE_MS: Final[Millis] = 60_000
_MAX_PAUSE_MS: Final[Millis] = 15 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A receiver's failures in a row, the time of the first one, and the end of its pause."""

    failures: int = 0
    failing_since: Millis = 0
    paused_until: Millis = 0

    @property
    def broken(self) -> bool:
        return self.failures >= MAX_FAILURES

    def pause_from(self, now: Millis) -> Millis:
        """Return the end of the next pause: it is as long as the receiver has been failing."""
        return now + min(max(now - self.failing_since, _MIN_PAUSE_MS), _MAX_PAUSE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One of a tenant's places, taken until it is released or expires."""

    tenant: str
    number: int
    until: Millis
