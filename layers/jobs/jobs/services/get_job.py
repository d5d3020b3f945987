"""Read one job as it is now."""

from dataclasses import dataclass

from jobs.domain.job import Job, JobRef
from jobs.ports import Clock, JobRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class GetJob:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef) -> Job:
        """Exact to the millisecond: a job past its deadline has timed out, stored or not.

        Raises `JobNotFoundError`, also for another tenant's job.
        """
        return self.repository.get(ref).as_of(self.clock())
