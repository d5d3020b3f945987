"""Answer the messages of a session in order, each with the earlier ones as history."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.messaging.errors import NotItsTurnError
from jobs.messaging.history import PastMessage
from jobs.messaging.message import session_of
from jobs.sessions.pass_turn import ref_of
from jobs.sessions.ports import Sessions
from jobs.sessions.session import MAX_HISTORY_TURNS, select_history


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTurn:
    repository: JobRepository
    sessions: Sessions
    clock: Clock

    def take(self, job: Job) -> None:
        """Raise `NotItsTurnError` while an earlier message has not ended.

        A message that was attempted had its turn, so all before it have ended. A message that
        ended without an attempt proves nothing about earlier ones.
        """
        session = session_of(job)
        if session is None:
            return
        for question in self.sessions.questions(job.tenant, session, before=job.created_at):
            try:
                before = self.repository.get(ref_of(question, job))
            except JobNotFoundError:
                continue
            if not before.as_of(self.clock()).status.is_terminal:
                raise NotItsTurnError(job.id)
            if before.attempt:
                return

    def recall(self, job: Job) -> Sequence[PastMessage]:
        """Return the messages before this one, oldest first."""
        session = session_of(job)
        if session is None:
            return ()
        questions = self.sessions.questions(job.tenant, session, before=job.created_at)
        answers = self.sessions.answers(job.tenant, session, limit=MAX_HISTORY_TURNS)
        return select_history([*islice(questions, MAX_HISTORY_TURNS)][::-1], answers)
