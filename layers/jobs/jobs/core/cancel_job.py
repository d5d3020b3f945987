"""Cancel a job that has not ended."""

from dataclasses import dataclass

from jobs.core.change_job import change_job
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJob:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef) -> Job:
        """Return the cancelled job. Raises `JobNotFoundError`, or `JobEndedError` if it is over."""
        return change_job(self.repository, ref, lambda job: job.cancel(now=self.clock()))
