"""Read one job as it is now."""

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
        """Exact to the millisecond: a job past its deadline has timed out.

        Where that is not stored yet it is now, so that no answer on its way can
        make what a reader has seen untrue. Raises `JobNotFoundError`, also for
        another tenant's job.
        """
        return change_job(self.repository, ref, lambda job: job.as_of(self.clock()))
