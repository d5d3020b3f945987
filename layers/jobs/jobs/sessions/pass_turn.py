"""Dispatch the next message of a session when one ends."""

from dataclasses import dataclass, replace

from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobQueue, JobRepository
from jobs.core.status import JobStatus
from jobs.messaging.message import session_of
from jobs.sessions.ports import Sessions
from jobs.sessions.session import ChatMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTurn:
    repository: JobRepository
    sessions: Sessions
    queue: JobQueue

    def __call__(self, job: Job) -> None:
        """Queue the next message of the job's session that has not ended.

        Idempotent: the worker checks whose turn it is.
        """
        session = session_of(job)
        if session is None:
            return
        for question in self.sessions.questions_since(job.tenant, session, after=job.created_at):
            ref = ref_of(question, job)
            try:
                status = self.repository.status_of(ref)
            except JobNotFoundError:
                continue
            if status is JobStatus.PENDING:
                self.queue.send(ref)
            if not status.is_terminal:
                return


def ref_of(question: ChatMessage, sibling: Job) -> JobRef:
    """Return the ref of a question's job; `sibling` is another job of the same session."""
    return replace(sibling.ref, id=question.job_id)
