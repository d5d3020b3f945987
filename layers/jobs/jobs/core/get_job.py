"""Read a job in its current state."""

from dataclasses import dataclass

from jobs.core.change_job import change_job
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class GetJob:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef) -> Job:
        """Return the job; past its deadline, it has timed out.

        The timeout is stored before it is returned, so that a late answer cannot
        contradict it. Raises `JobNotFoundError`, also for another tenant's job.
        """
        return change_job(self.repository, ref, lambda job: job.as_of(self.clock()))
