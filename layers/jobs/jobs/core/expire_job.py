"""End a job at its deadline."""

from dataclasses import dataclass, field

from jobs.core.change_job import change_job
from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock, Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireResult:
    """The job's status, None if it is gone, and when to expire it; None: never again.

    `found` is the job as it was before.
    """

    status: JobStatus | None
    again: Millis | None = None
    found: Job | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireJob:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef) -> ExpireResult:
        """Time the job out, unless it has ended. Idempotent.

        The stored deadline counts. If it has not come, the timer was early, or the deadline has
        moved.
        """
        found: Job | None = None

        def expire(job: Job) -> Job:
            nonlocal found
            found = job
            return job.as_of(self.clock())

        try:
            job = change_job(self.repository, ref, expire)
        except JobNotFoundError:
            return ExpireResult(status=None)
        again = None if job.status.is_terminal else job.deadline
        return ExpireResult(status=job.status, again=again, found=found)
