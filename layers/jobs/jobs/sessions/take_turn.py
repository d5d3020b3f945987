"""Messages of a session are answered one after the other, each with those before it in mind."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.messaging.errors import NotItsTurnError
from jobs.messaging.history import Said
from jobs.messaging.message import session_of
from jobs.sessions.pass_turn import ref_of
from jobs.sessions.ports import Conversations
from jobs.sessions.session import MOST_RECALLED, recalled


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTurn:
    repository: JobRepository
    conversations: Conversations
    clock: Clock

    def take(self, job: Job) -> None:
        """Raise `NotItsTurnError` while a message before this one is not over.

        A message that an agent has been asked had its turn itself, so all before it are over. One
        that ended while it waited says nothing of those before it.
        """
        session = session_of(job)
        if session is None:
            return
        for asked in self.conversations.asked(job.tenant, session, before=job.created_at):
            try:
                before = self.repository.get(ref_of(asked, job))
            except JobNotFoundError:
                continue
            if not before.as_of(self.clock()).status.is_terminal:
                raise NotItsTurnError(job.id)
            if before.attempt:
                return

    def recall(self, job: Job) -> Sequence[Said]:
        """Return the conversation up to a message whose turn it is."""
        session = session_of(job)
        if session is None:
            return ()
        asked = self.conversations.asked(job.tenant, session, before=job.created_at)
        answered = self.conversations.answered(job.tenant, session, limit=MOST_RECALLED)
        return recalled([*islice(asked, MOST_RECALLED)][::-1], answered)
