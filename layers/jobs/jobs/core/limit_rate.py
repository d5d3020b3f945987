"""Enforce a rate limit."""

from dataclasses import dataclass

from jobs.core.ports import RateLimits
from jobs.core.rate_limit import Allowance, Limit, RateLimitedError


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRate:
    limits: RateLimits

    def __call__(self, owner: str, limit: Limit) -> Allowance:
        """Count one request in the owner's window. Raises `RateLimitedError` if it is full."""
        allowance = self.limits.take(owner, limit)
        if not allowance.granted:
            raise RateLimitedError(allowance)
        return allowance
