"""Sessions of a user with an agent: open one, read it, keep it alive, list and close them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol
from uuid import uuid4

from jobs.core.cancel_job import CancelJob
from jobs.core.errors import JobEndedError, JobNotFoundError
from jobs.core.ids import new_job_id
from jobs.core.job import JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.messaging.choose_agent import ChooseAgent
from jobs.messaging.message import KIND
from jobs.sessions.errors import StaleSessionError
from jobs.sessions.ports import Conversations
from jobs.sessions.session import ChatSession, Timeouts

MOST_LISTED: Final = 1000
_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """What a caller asks for, checked."""

    tenant: str
    agent_id: str
    user_id: str
    metadata: Mapping[str, Any]
    timeouts: Timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    conversations: Conversations
    choose_agent: ChooseAgent
    clock: Clock

    def __call__(self, new: NewSession) -> ChatSession:
        """Raises `AgentNotFoundError`."""
        agent = self.choose_agent(new.tenant, new.agent_id)
        now = self.clock()
        session = ChatSession(
            id=new_job_id(now),
            tenant=new.tenant,
            agent_id=agent.id,
            user_id=new.user_id,
            channel_id=str(uuid4()),
            metadata=new.metadata,
            created_at=now,
            active_at=now,
            renewed_at=now,
            timeouts=new.timeouts,
        )
        self.conversations.create(session)
        return session


class Change(Protocol):
    def __call__(self, session: ChatSession, now: Millis, /) -> ChatSession: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UseSession:
    conversations: Conversations
    clock: Clock

    def get(self, tenant: str, session_id: str) -> ChatSession:
        """Raises `SessionNotFoundError`, `SessionExpiredError`."""
        session = self.conversations.get(tenant, session_id)
        session.check(self.clock())
        return session

    def change(self, tenant: str, session_id: str, change: Change) -> ChatSession:
        """Store what `change` makes of the session, and return it. Raises as `get` does."""
        for _ in range(_ATTEMPTS):
            changed = change(self.get(tenant, session_id), self.clock())
            try:
                self.conversations.save(changed)
            except StaleSessionError:
                continue
            return changed
        raise StaleSessionError(session_id)

    def active(self, tenant: str) -> Sequence[ChatSession]:
        """Return the newest `MOST_LISTED` that have not expired, newest first."""
        return self.conversations.active(tenant, limit=MOST_LISTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    conversations: Conversations
    repository: JobRepository
    cancel_job: CancelJob

    def __call__(self, tenant: str, session_id: str) -> None:
        """Delete a session with its messages; what is not answered yet is cancelled.

        Raises `SessionNotFoundError`.
        """
        self.conversations.close(self.conversations.get(tenant, session_id))
        ref = JobRef(tenant=tenant, kind=KIND, id="")
        for asked in self.conversations.asked(tenant, session_id):
            if self._was_asked(replace(ref, id=asked.job_id)):
                break
        self.conversations.forget(tenant, session_id)

    def _was_asked(self, ref: JobRef) -> bool:
        """Cancel a job; tell whether it had its turn and is over, and with it all before it."""
        try:
            self.cancel_job(ref)
        except JobEndedError:
            return self.repository.get(ref).attempt > 0
        except JobNotFoundError:
            return False
        return False
