"""Ports of sessions, in addition to `jobs.core.ports`.

Every method may raise `UnavailableError`.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.kit.clock import Millis
from jobs.sessions.session import (
    ChatMessage,
    ChatSession,
    Messages,
    SessionCounts,
    SessionPage,
    Turn,
    Window,
)


class Sessions(Protocol):
    def create(self, session: ChatSession) -> None:
        """Store a new session."""

    def get(self, tenant: str, session_id: str) -> ChatSession:
        """Return the session, even an expired one, or raise `SessionNotFoundError`."""

    def save(self, session: ChatSession) -> None:
        """Replace the previous version, or raise `StaleSessionError`."""

    def send(self, session: ChatSession, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        """Store the session's next version, a message and its job in one transaction.

        Returns the job's ref, or the ref of the first job with this key. Raises
        `StaleSessionError` (also for a deleted session) and `IdempotencyConflictError`.
        """

    def active(self, tenant: str, *, limit: int, after: str | None = None) -> SessionPage:
        """Return sessions that have not expired, newest first. Metadata may shorten the page."""

    def count_active(self, tenant: str) -> SessionCounts:
        """Count the newest sessions that have not expired, at most a page of `active`."""

    def page(self, tenant: str, session_id: str, window: Window) -> Messages:
        """Return messages of the user and the agent, in order of time."""

    def questions(
        self, tenant: str, session_id: str, *, before: Millis | None = None
    ) -> Iterator[ChatMessage]:
        """Return the user's messages, newest first."""

    def questions_since(
        self, tenant: str, session_id: str, *, after: Millis
    ) -> Iterator[ChatMessage]:
        """Return the user's messages, oldest first."""

    def answers(self, tenant: str, session_id: str, *, limit: int) -> Sequence[ChatMessage]:
        """Return the newest `limit` answers, oldest first."""

    def turn(self, tenant: str, session_id: str) -> Turn:
        """Return the stored turn, or that before the first message."""

    def save_turn(self, tenant: str, session_id: str, turn: Turn) -> None:
        """Store a turn, unless a later one is stored."""

    def close(self, session: ChatSession) -> None:
        """Delete the session, so that no message can be added. Idempotent."""

    def delete_messages(self, tenant: str, session_id: str) -> None:
        """Delete the messages of a closed session. Idempotent."""
