"""Chat sessions, their messages, and the history that an agent receives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.messaging.history import PastMessage
from jobs.sessions.errors import SessionExpiredError

MINUTE: Final[Millis] = 60_000
MAX_SESSION_MINUTES: Final = 720
ANSWER_TIMEOUT: Final[Millis] = 120_000
"""From a message to its answer, including the wait for earlier answers."""
SESSION_RETENTION: Final[Millis] = (MAX_SESSION_MINUTES + 24 * 60) * MINUTE
"""From creation until a session and its messages are deleted: the longest session and a day."""
MAX_UNANSWERED: Final = 100
"""Messages of a session that have not ended, and those after them."""
MAX_MESSAGES: Final = 2000
"""Messages of the user in a session, so that a request can delete it."""
MAX_HISTORY_TURNS: Final = 20
"""Each turn is a question and its answer, if there is one."""
MAX_HISTORY_CHARACTERS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """In minutes. `warning`: how long before its end a session is near expiration."""

    timeout: int = 30
    auto_renew: bool = True
    max_duration: int = MAX_SESSION_MINUTES
    warning: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSession:
    """`renewed_at`: when the timeout began to run. `last_message_at`: 0 before the first message.

    `sent`: the number of the user's messages.

    `version` increases with each change, for optimistic locking.
    """

    id: str
    tenant: str
    agent_id: str
    user_id: str
    channel_id: str
    metadata: Mapping[str, Any]
    created_at: Millis
    active_at: Millis
    renewed_at: Millis
    last_message_at: Millis = 0
    sent: int = 0
    renewals: int = 0
    timeouts: Timeouts = Timeouts()
    version: int = 1

    @property
    def expires_at(self) -> Millis:
        return min(
            self.renewed_at + self.timeouts.timeout * MINUTE,
            self.created_at + self.timeouts.max_duration * MINUTE,
        )

    @property
    def gone_at(self) -> Millis:
        """When the session and its messages are deleted."""
        return self.created_at + SESSION_RETENTION

    def is_near_expiration(self, now: Millis) -> bool:
        return 0 < self.expires_at - now <= self.timeouts.warning * MINUTE

    def check(self, now: Millis) -> None:
        """Raise `SessionExpiredError` if the session has expired."""
        if now >= self.expires_at:
            raise SessionExpiredError(self.id)

    def renew(self, now: Millis) -> Self:
        """Restart the timeout, within the maximum duration."""
        changed = replace(self._record_activity(now), renewed_at=now)
        extended = changed.expires_at > self.expires_at
        return replace(changed, renewals=self.renewals + extended)

    def touch(self, now: Millis) -> Self:
        """Record activity, which renews the session if it renews automatically."""
        return self.renew(now) if self.timeouts.auto_renew else self._record_activity(now)

    def add_message(self, now: Millis) -> Self:
        """Record a message. Each has its own millisecond, `last_message_at`, which orders them."""
        at = max(now, self.last_message_at + 1)
        return replace(self.touch(now), last_message_at=at, sent=self.sent + 1)

    def set_timeouts(self, timeouts: Timeouts, now: Millis) -> Self:
        """Replace the timeouts; they run from now."""
        return replace(self._record_activity(now), renewed_at=now, timeouts=timeouts)

    def _record_activity(self, now: Millis) -> Self:
        return replace(self, active_at=now, version=self.version + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """`job_id`: the job of the question, or the job whose result the answer is."""

    id: str
    job_id: str
    author_id: str
    is_agent: bool
    content: str
    metadata: Mapping[str, Any]
    at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The message sent `at`, before which `ended` messages were sent. All of these have ended."""

    at: Millis = 0
    ended: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Selects messages between two times, both exclusive.

    The newest `limit` of them, or with `oldest` the oldest.
    """

    limit: int
    before: Millis | None = None
    after: Millis | None = None
    oldest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """A page, newest first. Large messages make it shorter than its limit; `more` is exact."""

    messages: Sequence[ChatMessage]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """A page of a tenant's sessions; `next` is the id after which the next page begins."""

    sessions: Sequence[ChatSession]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCounts:
    active: int
    expiring: int


def question_in(job: Job) -> ChatMessage:
    """Return the question of a session's job; it has the id and creation time of the job."""
    return ChatMessage(
        id=job.id,
        job_id=job.id,
        author_id=job.request["userId"],
        is_agent=False,
        content=job.request["content"],
        metadata=job.request["metadata"],
        at=job.created_at,
    )


def answer_in(job: Job) -> ChatMessage | None:
    """Return the agent's answer, or None if the job has not succeeded."""
    if job.status is not JobStatus.SUCCEEDED or job.result is None or job.ended_at is None:
        return None
    return ChatMessage(
        id=job.result["id"],
        job_id=job.id,
        author_id=job.request["agentId"],
        is_agent=True,
        content=job.result["content"],
        metadata=job.result.get("metadata") or {},
        at=job.ended_at,
    )


def select_history(
    questions: Sequence[ChatMessage], answers: Sequence[ChatMessage]
) -> Sequence[PastMessage]:
    """Return the newest turns that fit `MAX_HISTORY_CHARACTERS`, each answer after its question.

    Questions and answers come oldest first.
    """
    answer_of = {answer.job_id: answer for answer in answers}
    history: list[PastMessage] = []
    characters_left = MAX_HISTORY_CHARACTERS
    for question in reversed(questions):
        answer = answer_of.get(question.id)
        turn = [PastMessage(m.is_agent, m.content) for m in (question, answer) if m]
        characters_left -= sum(len(message.content) for message in turn)
        if characters_left < 0:
            break
        history = turn + history
    return history
