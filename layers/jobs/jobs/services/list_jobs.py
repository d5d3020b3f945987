"""List a tenant's jobs, newest first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.domain.job import Job
from jobs.domain.status import JobStatus
from jobs.ports import Clock, JobCounters, JobRepository, Listing, Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """`total` counts all the tenant's jobs, whatever the filter."""

    jobs: Sequence[Job]
    total: int
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListJobs:
    repository: JobRepository
    counters: JobCounters
    signer: Signer
    clock: Clock

    def __call__(
        self,
        tenant: str,
        dialect: str,
        *,
        limit: int,
        statuses: frozenset[JobStatus] = frozenset(),
        cursor: str | None = None,
    ) -> JobList:
        """Return one page. Raises `BadCursorError` unless the cursor is of this very listing."""
        scope = f"{tenant}#{dialect}#{','.join(sorted(statuses))}"
        before = self.signer.verify(cursor, scope=scope) if cursor else None
        counts = self.counters.read(tenant, dialect)
        found = self.repository.newest(
            Listing(tenant=tenant, dialect=dialect, limit=limit, statuses=statuses, before=before),
            known=0 if before else counts.of(*(statuses or JobStatus)),
        )
        now = self.clock()
        jobs = [job.as_of(now) for job in found.jobs]
        return JobList(
            jobs=[job for job in jobs if not statuses or job.status in statuses],
            total=counts.total,
            cursor=self.signer.sign(jobs[-1].id, scope=scope) if found.more else None,
        )
