"""Add a message to a session, and create its job, in one transaction."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from jobs.core.create_job import IDEMPOTENCY_KEY_TTL_MS
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.ports import IdempotencyKey, JobRepository
from jobs.core.send_early import SendEarly
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.kit.retry import retry_on_conflict
from jobs.messaging.message import KIND, Message
from jobs.sessions.errors import SessionFullError, StaleSessionError, TooManyUnansweredError
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.ports import Sessions
from jobs.sessions.session import ANSWER_TIMEOUT, MAX_MESSAGES, MAX_UNANSWERED, ChatSession


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A validated request to add a message."""

    tenant: str
    session: str
    content: str
    metadata: Mapping[str, Any]
    idempotency_key: str | None
    request_hash: str
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """`renewed`: whether the message renewed the session."""

    session: ChatSession
    job: Job
    renewed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    repository: JobRepository
    sessions: Sessions
    find_turn: FindTurn
    send_early: SendEarly
    clock: Clock
    retention: Millis
    shards: int = 1

    def __call__(self, new: NewMessage) -> SentMessage:
        """Return the session and the message's job; a repeated key returns the first job.

        Raises `SessionNotFoundError`, `SessionExpiredError`, `IdempotencyConflictError`,
        `TooManyUnansweredError`, `SessionFullError`.
        """
        return retry_on_conflict(partial(self._send, new), StaleSessionError)

    def _send(self, new: NewMessage) -> SentMessage:
        before, now = self.sessions.get(new.tenant, new.session), self.clock()
        before.check(now)
        self._check_counts(before, new, now)
        has_turn = self._has_turn(before)
        session = before.add_message(now)
        job = self._job(new, session)
        ref = self.sessions.send(session, job, _key(new, now))
        if ref != job.ref:
            first = self.repository.get(ref).as_of(now)
            return SentMessage(session=before, job=first, renewed=False)
        if has_turn:
            self.send_early(job.ref)
        return SentMessage(session=session, job=job, renewed=session.renewals > before.renewals)

    def _check_counts(self, session: ChatSession, new: NewMessage, now: Millis) -> None:
        """Exact: a message that another request adds meanwhile makes `session` stale.

        Sessions that began before messages were counted allow more.
        """
        if session.sent < MAX_UNANSWERED or self._is_repeated(new):
            return
        if session.sent >= MAX_MESSAGES:
            raise SessionFullError(session.id)
        if session.sent - self.sessions.turn(new.tenant, session.id).ended < MAX_UNANSWERED:
            return
        if session.sent - self.find_turn(new.tenant, session.id, now=now).ended >= MAX_UNANSWERED:
            raise TooManyUnansweredError(session.id)

    def _has_turn(self, session: ChatSession) -> bool:
        """Return whether all messages of the session have ended. Without an answer: no."""
        if not session.sent:
            return True
        with suppress(UnavailableError):
            return self.find_turn(session.tenant, session.id).ended == session.sent
        return False

    def _is_repeated(self, new: NewMessage) -> bool:
        key = new.idempotency_key
        return key is not None and self.repository.has_key(new.tenant, KIND, key)

    def _job(self, new: NewMessage, session: ChatSession) -> Job:
        return Job(
            id=new_job_id(session.last_message_at, shards=self.shards),
            tenant=new.tenant,
            kind=KIND,
            request={
                "agentId": session.agent_id,
                "userId": session.user_id,
                "content": new.content,
                "metadata": new.metadata,
            },
            created_at=session.last_message_at,
            changed_at=session.last_message_at,
            deadline=session.last_message_at + ANSWER_TIMEOUT,
            retention=self.retention,
            key_id=new.key_id,
            details=Message(session=session.id),
        )


def _key(new: NewMessage, now: Millis) -> IdempotencyKey | None:
    if new.idempotency_key is None:
        return None
    return IdempotencyKey(
        value=new.idempotency_key,
        request_hash=new.request_hash,
        expires_at=now + IDEMPOTENCY_KEY_TTL_MS,
    )
