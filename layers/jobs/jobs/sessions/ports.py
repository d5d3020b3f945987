"""What sessions need from the outside world beside `jobs.core.ports`.

Every method may raise `UnavailableError`.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.kit.clock import Millis
from jobs.sessions.session import ChatMessage, ChatSession, Messages, Window


class Conversations(Protocol):
    def create(self, session: ChatSession) -> None:
        """Store a new session."""

    def get(self, tenant: str, session_id: str) -> ChatSession:
        """Return the session, expired or not, or raise `SessionNotFoundError`."""

    def save(self, session: ChatSession) -> None:
        """Store the version after the stored one, or raise `StaleSessionError`."""

    def send(self, session: ChatSession, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        """Store the session's next version, a message and its job, all or nothing.

        Returns the job's ref, or the first one's of this key. Raises `StaleSessionError`, also if
        the session has been deleted, and `IdempotencyConflictError`.
        """

    def active(self, tenant: str, *, limit: int) -> Sequence[ChatSession]:
        """Return the sessions that have not expired, newest first."""

    def page(self, tenant: str, session_id: str, window: Window) -> Messages:
        """Return messages of both sides, in order of their times."""

    def asked(
        self, tenant: str, session_id: str, *, before: Millis | None = None
    ) -> Iterator[ChatMessage]:
        """Return what users have said, newest first."""

    def asked_since(self, tenant: str, session_id: str, *, after: Millis) -> Iterator[ChatMessage]:
        """Return what users have said, oldest first."""

    def answered(self, tenant: str, session_id: str, *, limit: int) -> Sequence[ChatMessage]:
        """Return the newest answers, oldest first."""

    def close(self, session: ChatSession) -> None:
        """Remove the session: from now on nothing more is said in it. Harmless when repeated."""

    def forget(self, tenant: str, session_id: str) -> None:
        """Remove the messages of a session that is closed."""
