"""Delete a mission that is not in flight."""

from dataclasses import dataclass

from jobs.core.change_job import change_job
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.missions.mission import cancel_waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMission:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef) -> None:
        """Cancel a waiting mission first, so that its watchers are notified; then delete it.

        Raises `JobNotFoundError`, `JobStartedError` if it is in flight.
        """
        self.repository.delete(change_job(self.repository, ref, self._end))

    def _end(self, job: Job) -> Job:
        now = self.clock()
        job = job.as_of(now)
        return job if job.status.is_terminal else cancel_waiting(job, now=now)
