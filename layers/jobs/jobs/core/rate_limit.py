"""Rate limits."""

from dataclasses import dataclass

from jobs.core.errors import JobError
from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many requests in a window, which begins with the first of them."""

    name: str
    max_requests: int
    window: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The state of a window after a request, and whether it granted the request."""

    limit: int
    remaining: int
    resets_at: Millis
    granted: bool = True


class RateLimitedError(JobError):
    """The window holds no further request."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(f"over {allowance.limit} requests")
        self.allowance = allowance
