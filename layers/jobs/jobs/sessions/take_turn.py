"""Answer the messages of a session in order, each with the earlier ones as history."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from jobs.core.job import Job
from jobs.kit.clock import Clock
from jobs.messaging.errors import NotItsTurnError
from jobs.messaging.history import PastMessage, history_in
from jobs.messaging.message import session_of
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.ports import Sessions
from jobs.sessions.session import MAX_HISTORY_TURNS, select_history


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTurn:
    find_turn: FindTurn
    sessions: Sessions
    clock: Clock

    def take(self, job: Job) -> None:
        """Raise `NotItsTurnError` while an earlier message has not ended.

        Store the turn only with its message in hand: `PassTurn` queues no message twice.
        """
        session = session_of(job)
        if session is None:
            return
        found = self.find_turn(job.tenant, session, now=self.clock())
        if found.ref and found.turn.at < job.created_at:
            raise NotItsTurnError(job.id)
        if found.ref == job.ref and found.moved:
            self.sessions.save_turn(job.tenant, session, found.turn)

    def recall(self, job: Job) -> Sequence[PastMessage]:
        """Return the messages before this one, oldest first."""
        session = session_of(job)
        if session is None:
            return history_in(job)
        questions = self.sessions.questions(job.tenant, session, before=job.created_at)
        answers = self.sessions.answers(job.tenant, session, limit=MAX_HISTORY_TURNS)
        return select_history([*islice(questions, MAX_HISTORY_TURNS)][::-1], answers)
