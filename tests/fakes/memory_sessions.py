"""In-memory sessions; tests/adapters checks their contract."""

from collections.abc import Iterator, Sequence

from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.kit.clock import Clock, Millis
from jobs.messaging.message import session_of
from jobs.sessions.errors import SessionNotFoundError, StaleSessionError
from jobs.sessions.session import (
    ChatMessage,
    ChatSession,
    Messages,
    SessionCounts,
    SessionPage,
    Turn,
    Window,
    answer_in,
    question_in,
)
from tests.fakes.memory import InMemoryJobRepository


class InMemorySessions:
    """Reads answers from the job repository, so storing a job's result stores its message."""

    def __init__(self, repository: InMemoryJobRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._sessions: dict[tuple[str, str], ChatSession] = {}
        self._turns: dict[tuple[str, str], Turn] = {}
        self._forgotten: set[tuple[str, str]] = set()

    def create(self, session: ChatSession) -> None:
        self._sessions[session.tenant, session.id] = session

    def get(self, tenant: str, session_id: str) -> ChatSession:
        session = self._sessions.get((tenant, session_id))
        if session is None or session.gone_at <= self._clock():
            raise SessionNotFoundError(session_id)
        return session

    def save(self, session: ChatSession) -> None:
        stored = self._sessions.get((session.tenant, session.id))
        if stored is None or stored.version != session.version - 1:
            raise StaleSessionError(session.id)
        self.create(session)

    def send(self, session: ChatSession, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        if key and self._repository.has_key(job.tenant, job.kind, key.value):
            return self._repository.add(job, key)
        self.save(session)
        return self._repository.add(job, key)

    def active(self, tenant: str, *, limit: int, after: str | None = None) -> SessionPage:
        found = [each for each in self._active(tenant) if after is None or each.id < after]
        more = len(found) > limit
        return SessionPage(sessions=found[:limit], next=found[limit - 1].id if more else None)

    def count_active(self, tenant: str) -> SessionCounts:
        found, now = self._active(tenant), self._clock()
        expiring = sum(each.is_near_expiration(now) for each in found)
        return SessionCounts(active=len(found), expiring=expiring)

    def _active(self, tenant: str) -> Sequence[ChatSession]:
        found = [
            session
            for session in self._sessions.values()
            if session.tenant == tenant and session.expires_at > self._clock()
        ]
        return sorted(found, key=lambda session: session.id, reverse=True)

    def page(self, tenant: str, session_id: str, window: Window) -> Messages:
        found = [
            message
            for message in self._messages(tenant, session_id)
            if (window.before is None or message.at < window.before)
            and (window.after is None or message.at > window.after)
        ]
        found.sort(key=lambda message: (message.at, message.is_agent), reverse=not window.oldest)
        end = window.limit
        while 0 < end < len(found) and found[end].at == found[end - 1].at:
            end += 1
        page = found[:end]
        return Messages(messages=page[::-1] if window.oldest else page, more=len(found) > end)

    def questions(
        self, tenant: str, session_id: str, *, before: Millis | None = None
    ) -> Iterator[ChatMessage]:
        return (
            m for m in reversed(self._questions(tenant, session_id)) if not before or m.at < before
        )

    def questions_since(
        self, tenant: str, session_id: str, *, after: Millis
    ) -> Iterator[ChatMessage]:
        return (m for m in self._questions(tenant, session_id) if m.at > after)

    def answers(self, tenant: str, session_id: str, *, limit: int) -> Sequence[ChatMessage]:
        found = [m for m in self._messages(tenant, session_id) if m.is_agent]
        return sorted(found, key=lambda message: message.at)[-limit:]

    def turn(self, tenant: str, session_id: str) -> Turn:
        return self._turns.get((tenant, session_id), Turn())

    def save_turn(self, tenant: str, session_id: str, turn: Turn) -> None:
        if turn.at > self.turn(tenant, session_id).at:
            self._turns[tenant, session_id] = turn

    def close(self, session: ChatSession) -> None:
        self._sessions.pop((session.tenant, session.id), None)

    def delete_messages(self, tenant: str, session_id: str) -> None:
        self._forgotten.add((tenant, session_id))
        self._turns.pop((tenant, session_id), None)

    def _questions(self, tenant: str, session_id: str) -> Sequence[ChatMessage]:
        found = [m for m in self._messages(tenant, session_id) if not m.is_agent]
        return sorted(found, key=lambda message: message.at)

    def _messages(self, tenant: str, session_id: str) -> Sequence[ChatMessage]:
        if (tenant, session_id) in self._forgotten:
            return []
        jobs = [
            job
            for job in self._repository.all()
            if (job.tenant, session_of(job)) == (tenant, session_id)
        ]
        answers = [answer for job in jobs if (answer := answer_in(job))]
        return [*map(question_in, jobs), *answers]
