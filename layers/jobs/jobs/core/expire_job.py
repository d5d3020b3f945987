"""End a job at its deadline."""

from dataclasses import dataclass

from jobs.core.change_job import change_job
from jobs.core.errors import JobNotFoundError
from jobs.core.job import JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock, Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireResult:
    """The job's status, None if it is gone, and when to expire it; None: never again."""

    status: JobStatus | None
    again: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireJob:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef) -> ExpireResult:
        """Time the job out, unless it has ended. Idempotent.

        The stored deadline counts. If it has not come, the timer was early, or the deadline has
        moved.
        """
        try:
            job = change_job(self.repository, ref, lambda job: job.as_of(self.clock()))
        except JobNotFoundError:
            return ExpireResult(status=None)
        return ExpireResult(
            status=job.status, again=None if job.status.is_terminal else job.deadline
        )
