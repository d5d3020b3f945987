"""End a job whose message no worker could process."""

from dataclasses import dataclass

from jobs.domain.errors import JobEndedError, JobLeasedError, JobNotFoundError
from jobs.domain.job import Job, JobRef
from jobs.domain.status import JobStatus
from jobs.ports import Clock, JobRepository
from jobs.services.change_job import change_job

REASON = "Job could not be processed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeadLetter:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef) -> bool:
        """Return whether the job was ended here. Raises `JobLeasedError` while a worker has it."""
        try:
            change_job(self.repository, ref, self._failed)
        except (JobEndedError, JobNotFoundError):
            return False
        return True

    def _failed(self, job: Job) -> Job:
        now = self.clock()
        if job.status is JobStatus.RUNNING and now < job.lease_until:
            raise JobLeasedError(job.lease_until)
        return job.fail(REASON, now=now)
