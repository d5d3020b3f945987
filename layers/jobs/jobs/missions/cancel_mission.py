"""Cancel a waiting mission."""

from dataclasses import dataclass

from jobs.core.change_job import change_job
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.missions.mission import cancel_waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMission:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef) -> Job:
        """Return the cancelled job. Raises `JobNotFoundError`, `JobStartedError`."""
        return change_job(self.repository, ref, self._cancel)

    def _cancel(self, job: Job) -> Job:
        now = self.clock()
        return cancel_waiting(job.as_of(now), now=now)
