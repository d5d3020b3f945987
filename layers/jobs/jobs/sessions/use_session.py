"""Open, read, change, list and close sessions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Protocol
from uuid import uuid4

from jobs.core.cancel_job import CancelJob
from jobs.core.errors import JobEndedError, JobNotFoundError
from jobs.core.ids import new_job_id
from jobs.core.job import JobRef
from jobs.core.limit_rate import LimitRate
from jobs.core.ports import JobRepository
from jobs.core.rate_limit import Limit, RateLimitedError
from jobs.kit.clock import Clock, Millis
from jobs.kit.retry import retry_on_conflict
from jobs.messaging.choose_agent import ChooseAgent
from jobs.messaging.message import KIND
from jobs.sessions.errors import StaleSessionError, TooManySessionsError
from jobs.sessions.ports import Sessions
from jobs.sessions.session import MAX_UNANSWERED, ChatSession, SessionPage, Timeouts

MAX_LISTED_SESSIONS: Final = 1000
NEW_SESSIONS: Final = Limit("sessions", 10_000, 3600_000)
"""Of a tenant. A session lives for 12 hours at most, so this also limits the open ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A validated request for a session."""

    tenant: str
    agent_id: str
    user_id: str
    metadata: Mapping[str, Any]
    timeouts: Timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    sessions: Sessions
    choose_agent: ChooseAgent
    limit_rate: LimitRate
    clock: Clock

    def __call__(self, new: NewSession) -> ChatSession:
        """Store and return a new session. Raises `AgentNotFoundError`, `TooManySessionsError`."""
        agent = self.choose_agent(new.tenant, new.agent_id)
        try:
            self.limit_rate(new.tenant, NEW_SESSIONS)
        except RateLimitedError as error:
            raise TooManySessionsError(error.allowance) from error
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
        self.sessions.create(session)
        return session


class Change(Protocol):
    def __call__(self, session: ChatSession, now: Millis, /) -> ChatSession: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UseSession:
    sessions: Sessions
    clock: Clock

    def get(self, tenant: str, session_id: str) -> ChatSession:
        """Return a session. Raises `SessionNotFoundError`, `SessionExpiredError`."""
        session = self.sessions.get(tenant, session_id)
        session.check(self.clock())
        return session

    def change(self, tenant: str, session_id: str, change: Change) -> ChatSession:
        """Apply `change` to the session, store and return the result.

        Raises `StaleSessionError` after too many conflicts, and the errors of `get`.
        """

        def save() -> ChatSession:
            changed = change(self.get(tenant, session_id), self.clock())
            self.sessions.save(changed)
            return changed

        return retry_on_conflict(save, StaleSessionError)

    def active(self, tenant: str, *, after: str | None) -> SessionPage:
        """Return up to `MAX_LISTED_SESSIONS` sessions that have not expired, newest first."""
        return self.sessions.active(tenant, limit=MAX_LISTED_SESSIONS, after=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    sessions: Sessions
    repository: JobRepository
    cancel_job: CancelJob

    def __call__(self, tenant: str, session_id: str) -> None:
        """Delete a session with its messages, and cancel its unanswered messages.

        Raises `SessionNotFoundError`.
        """
        self.sessions.close(self.sessions.get(tenant, session_id))
        ref = JobRef(tenant=tenant, kind=KIND, id="")
        questions = self.sessions.questions(tenant, session_id)
        for question in islice(questions, MAX_UNANSWERED):
            if self._cancel(replace(ref, id=question.job_id)):
                break
        self.sessions.delete_messages(tenant, session_id)

    def _cancel(self, ref: JobRef) -> bool:
        """Cancel a job. Return whether it had its turn: then all earlier jobs have ended."""
        try:
            self.cancel_job(ref)
        except JobEndedError:
            return self.repository.get(ref).attempt > 0
        except JobNotFoundError:
            return False
        return False
