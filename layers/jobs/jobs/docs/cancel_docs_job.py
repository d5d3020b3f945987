"""Cancel a docs job, and the follow-ups that wait behind it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jobs.core.cancel_job import CancelJob
from jobs.core.errors import JobEndedError, JobNotFoundError
from jobs.core.job import Job
from jobs.docs.docs_job import Conversation, docs_job_of
from jobs.docs.ports import DocsJobs
from jobs.docs.read_docs_jobs import GetDocsJob
from jobs.kit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDocsJob:
    get_docs_job: GetDocsJob
    jobs: DocsJobs
    cancel_job: CancelJob
    clock: Clock

    def __call__(self, tenant: str, project_id: str, job_id: str) -> Conversation:
        """Cancel all jobs of a conversation that have not ended, and return the conversation.

        The last one is first, so that none starts when the one before it ends. After a failure
        halfway, another call cancels the rest.

        Raises `ProjectNotFoundError`, `JobNotFoundError`, `JobEndedError` if all jobs have ended,
        and `StaleJobError`.
        """
        conversation = self.get_docs_job(tenant, project_id, job_id)
        cancelled = [self._cancel(each) for each in self._young_jobs(conversation.latest)]
        if not any(cancelled):
            raise JobEndedError(job_id)
        return self.get_docs_job(tenant, project_id, job_id)

    def _young_jobs(self, latest: Job) -> Iterator[Job]:
        """Yield the conversation's jobs, last first, that are before their deadline.

        All jobs have as much time, so those before the first expired one have expired, too. The
        rate limit bounds how many a conversation has in this time, and only headers are read.
        """
        found: Sequence[Job] = [latest]
        while found and self.clock() < found[0].deadline:
            [job] = found
            yield job
            before = docs_job_of(job).follows
            found = self.jobs.headers([replace(job.ref, id=before)]) if before else ()

    def _cancel(self, job: Job) -> bool:
        if job.status.is_terminal:
            return False
        try:
            self.cancel_job(job.ref)
        except (JobEndedError, JobNotFoundError):  # meanwhile
            return False
        return True
