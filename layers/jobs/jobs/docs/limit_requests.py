"""Enforce the rate limit of a project."""

from dataclasses import dataclass
from typing import Final

from jobs.core.limit_rate import LimitRate
from jobs.core.ports import JobRepository
from jobs.core.rate_limit import Limit
from jobs.docs.docs_job import KIND, Project

LIMIT: Final = Limit("docs", 100, 3600_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDocsRequests:
    repository: JobRepository
    limit_rate: LimitRate

    def __call__(self, project: Project, idempotency_key: str | None) -> None:
        """Count one request, unless its idempotency key is known. Raises `RateLimitedError`."""
        if idempotency_key and self.repository.has_key(project.tenant, KIND, idempotency_key):
            return
        self.limit_rate(f"{project.tenant}#{project.id}", LIMIT)
