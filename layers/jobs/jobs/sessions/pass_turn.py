"""After a message of a session is over: the next one's turn."""

from dataclasses import dataclass, replace

from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobQueue, JobRepository
from jobs.core.status import JobStatus
from jobs.messaging.message import session_of
from jobs.sessions.ports import Conversations
from jobs.sessions.session import ChatMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTurn:
    repository: JobRepository
    conversations: Conversations
    queue: JobQueue

    def __call__(self, job: Job) -> None:
        """Send the first message after it that is not over to a worker once more.

        Harmless when repeated, and where that one does not wait: the worker looks.
        """
        session = session_of(job)
        if session is None:
            return
        for asked in self.conversations.asked_since(job.tenant, session, after=job.created_at):
            ref = ref_of(asked, job)
            try:
                status = self.repository.status_of(ref)
            except JobNotFoundError:
                continue
            if status is JobStatus.PENDING:
                self.queue.send(ref)
            if not status.is_terminal:
                return


def ref_of(asked: ChatMessage, sibling: Job) -> JobRef:
    """Return the ref of the job that a message is, of the same session as another job."""
    return replace(sibling.ref, id=asked.job_id)
