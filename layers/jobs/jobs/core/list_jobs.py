"""List a tenant's jobs, newest first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.core.job import Job
from jobs.core.ports import JobCounters, JobRepository, Listing, Signer
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """`total` counts all jobs of the tenant, regardless of the filter."""

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
        kind: str,
        *,
        limit: int,
        statuses: frozenset[JobStatus] = frozenset(),
        cursor: str | None = None,
    ) -> JobList:
        """Return one page. Raises `BadCursorError` for a cursor of another listing."""
        scope = f"{tenant}#{kind}#{','.join(sorted(statuses))}"
        before, listed = self._position(cursor, scope) if cursor else (None, 0)
        counts = self.counters.read(tenant, kind)
        found = self.repository.newest(
            Listing(
                tenant=tenant,
                kind=kind,
                limit=limit,
                statuses=statuses,
                before=before,
                shards=counts.shards,
            ),
            known=counts.of(*(statuses or JobStatus)) - listed,
        )
        now = self.clock()
        jobs = [job.as_of(now) for job in found.jobs]
        here = f"{jobs[-1].id} {listed + len(jobs)}" if found.more else None
        return JobList(
            jobs=[job for job in jobs if not statuses or job.status in statuses],
            total=counts.total,
            cursor=here and self.signer.sign(here, scope=scope),
        )

    def _position(self, cursor: str, scope: str) -> tuple[str, int]:
        """Return the last job of the previous pages, and their number of jobs."""
        last, listed = self.signer.verify(cursor, scope=scope).split()
        return last, int(listed)
