"""Enforce the rate limit of a tenant's messages, those of sessions included."""

from dataclasses import dataclass
from typing import Final

from jobs.core.limit_rate import LimitRate
from jobs.core.ports import JobRepository, TenantLimitsRegistry
from jobs.core.rate_limit import Allowance, Limit, RateLimitedError
from jobs.kit.clock import Millis
from jobs.messaging.message import KIND

WINDOW: Final[Millis] = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitMessages:
    """`max_requests`: of a tenant without a limit of its own."""

    limit_rate: LimitRate
    tenant_limits: TenantLimitsRegistry
    repository: JobRepository
    max_requests: int

    def __call__(self, tenant: str, idempotency_key: str | None) -> Allowance:
        """Count one request. Raises `RateLimitedError`.

        A repeated request is never refused: it creates nothing, and its caller needs the answer.
        """
        own = self.tenant_limits.limits(tenant).messages_per_minute
        try:
            return self.limit_rate(tenant, Limit("messages", own or self.max_requests, WINDOW))
        except RateLimitedError as error:
            if idempotency_key and self.repository.has_key(tenant, KIND, idempotency_key):
                return error.allowance
            raise
