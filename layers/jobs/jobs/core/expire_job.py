"""End a job at its deadline."""

from dataclasses import dataclass

from jobs.core.change_job import change_job
from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireJob:
    repository: JobRepository

    def __call__(self, ref: JobRef) -> JobStatus | None:
        """Return the job's final status, or None if the job is gone.

        Trust the caller's clock: the state machine has already waited for the deadline.
        """
        try:
            return change_job(self.repository, ref, _ended).status
        except JobNotFoundError:
            return None


def _ended(job: Job) -> Job:
    return job if job.status.is_terminal else job.time_out()
