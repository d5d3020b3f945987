"""Find the message of a session whose turn it is: the oldest that has not ended.

A session stores how far its messages have ended, and a search begins there. So each message is
passed once, by any worker: n messages that end together cost n reads, not n².
"""

from dataclasses import dataclass, replace

from jobs.core.errors import JobNotFoundError
from jobs.core.job import JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.messaging.message import KIND
from jobs.sessions.ports import Sessions
from jobs.sessions.session import ANSWER_TIMEOUT, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTurn:
    """`turn`: of the message `ref`, or of the session's last message if all have ended.

    `stored`: where the search began. `ended`: how many messages have ended before the turn.
    """

    stored: Turn
    turn: Turn
    ended: int
    ref: JobRef | None = None
    status: JobStatus = JobStatus.PENDING

    @property
    def moved(self) -> bool:
        return self.turn.at > self.stored.at


@dataclass(frozen=True, slots=True, kw_only=True)
class FindTurn:
    repository: JobRepository
    sessions: Sessions

    def __call__(self, tenant: str, session_id: str, *, now: Millis = 0) -> FoundTurn:
        """Find the turn, and store nothing. A message that is overdue at `now` has ended."""
        stored = self.sessions.turn(tenant, session_id)
        found = FoundTurn(stored=stored, turn=stored, ended=stored.ended)
        for question in self.sessions.questions_since(tenant, session_id, after=stored.at - 1):
            turn = Turn(at=question.at, ended=found.ended)
            ref = JobRef(tenant=tenant, kind=KIND, id=question.job_id)
            status = None if now >= question.at + ANSWER_TIMEOUT else self._status_of(ref)
            if status and not status.is_terminal:
                return replace(found, turn=turn, ref=ref, status=status)
            found = replace(found, turn=turn, ended=turn.ended + 1)
        return found

    def _status_of(self, ref: JobRef) -> JobStatus | None:
        try:
            return self.repository.status_of(ref)
        except JobNotFoundError:
            return None
