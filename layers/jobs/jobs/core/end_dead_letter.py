"""End a job whose message no worker could process, or whose next step was refused for good."""

from dataclasses import dataclass
from functools import partial

from jobs.core.change_job import change_job
from jobs.core.errors import JobEndedError, JobLeasedError, JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.kind import Kinds
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock

REASON = "Job could not be processed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeadLetter:
    repository: JobRepository
    kinds: Kinds
    clock: Clock

    def __call__(self, ref: JobRef, *, reason: str = REASON) -> bool:
        """Return whether the job was ended here. Raises `JobLeasedError` while a worker holds it.

        A job whose kind says that it survives, such as a mission in flight, goes on.
        """
        try:
            job = change_job(self.repository, ref, partial(self._failed, reason=reason))
        except (JobEndedError, JobNotFoundError):
            return False
        return job.status is JobStatus.FAILED

    def _failed(self, job: Job, reason: str) -> Job:
        if self.kinds(job.kind).survives_dead_letter(job):
            return job
        now = self.clock()
        if job.status is JobStatus.RUNNING and now < job.lease_until:
            raise JobLeasedError(job.lease_until)
        return job.fail(reason, now=now)
