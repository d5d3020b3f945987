"""Let no more through of what makes a documentation agent work than its project may ask for."""

from dataclasses import dataclass
from typing import Final

from jobs.domain.docs import DIALECT, Project
from jobs.domain.limit import Limit
from jobs.ports import JobRepository
from jobs.services.limit_rate import LimitRate

LIMIT: Final = Limit("docs", 100, 3600_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDocsRequests:
    repository: JobRepository
    limit_rate: LimitRate

    def __call__(self, project: Project, idempotency_key: str | None) -> None:
        """Count one request, unless it repeats an earlier one. Raises `RateLimitedError`."""
        if idempotency_key and self.repository.knows(project.tenant, DIALECT, idempotency_key):
            return
        self.limit_rate(f"{project.tenant}#{project.id}", LIMIT)
