"""Dispatch the next message of a session when one ends."""

from dataclasses import dataclass

from jobs.core.job import Job
from jobs.core.ports import JobQueue
from jobs.core.status import JobStatus
from jobs.messaging.message import session_of
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.ports import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTurn:
    find_turn: FindTurn
    sessions: Sessions
    queue: JobQueue

    def __call__(self, job: Job) -> None:
        """Queue the oldest message of the job's session that has not ended, if it is another one.

        Idempotent: the worker checks whose turn it is. Store the turn last: if this fails before,
        the stream repeats the change, and the message is queued again. Only stored ends count: the
        clock of a worker may be behind, and it would refuse the turn.
        """
        session = session_of(job)
        if session is None:
            return
        found = self.find_turn(job.tenant, session)
        if not found.moved:  # the worker that stored the turn has queued its message, or holds it
            return
        if found.ref and found.status is JobStatus.PENDING:
            self.queue.send(found.ref)
        self.sessions.save_turn(job.tenant, session, found.turn)
