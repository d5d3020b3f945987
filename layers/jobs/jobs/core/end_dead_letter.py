"""End a job whose message no worker could process, or whose next step was refused for good."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from jobs.core.change_job import change_job
from jobs.core.errors import JobEndedError, JobLeasedError, JobNotFoundError
from jobs.core.failure import Failure
from jobs.core.job import Job, JobRef
from jobs.core.kind import Kinds
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock
from jobs.kit.errors import FailureClass

FAILURE: Final = Failure("Job could not be processed", FailureClass.INTERNAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeadLetter:
    repository: JobRepository
    kinds: Kinds
    clock: Clock

    def __call__(self, ref: JobRef, *, failure: Failure = FAILURE) -> bool:
        """Return whether the job was ended here. Raises `JobLeasedError` while a worker holds it.

        A job whose kind says that it survives, such as a mission in flight, goes on.
        """
        try:
            job = change_job(self.repository, ref, partial(self._failed, failure=failure))
        except (JobEndedError, JobNotFoundError):
            return False
        return job.status is JobStatus.FAILED

    def _failed(self, job: Job, failure: Failure) -> Job:
        if self.kinds(job.kind).survives_dead_letter(job):
            return job
        now = self.clock()
        if job.status is JobStatus.RUNNING and now < job.lease_until:
            raise JobLeasedError(job.lease_until)
        return job.fail(failure, now=now)
