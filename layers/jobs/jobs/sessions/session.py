"""Conversations with an agent: sessions, the messages in them, and what of these an agent is told.

Called chat sessions, as jobs of documentation agents have sessions of another kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.messaging.history import Said
from jobs.sessions.errors import SessionExpiredError

MINUTE: Final[Millis] = 60_000
LONGEST_SESSION_MINUTES: Final = 720
ANSWER_TIME: Final[Millis] = 120_000
"""From a message to its answer, the wait for the answers before it included."""
KEPT: Final[Millis] = (LONGEST_SESSION_MINUTES + 24 * 60) * MINUTE
"""From its creation on, a session and its messages: long enough for each session, and a day."""
MOST_RECALLED: Final = 20
"""So many questions, and as many answers, an agent is reminded of at most."""
MOST_RECALLED_CHARACTERS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """In minutes. `warning`: how long before its end a session is near it."""

    timeout: int = 30
    auto_renew: bool = True
    max_duration: int = LONGEST_SESSION_MINUTES
    warning: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSession:
    """`renewed_at` is when its time began to run, `said_at` the time of its last message.

    `version` rises with each change: a change of an older one is refused.
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
    said_at: Millis = 0
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
        """When nothing is left of it and its messages."""
        return self.created_at + KEPT

    def is_near_expiration(self, now: Millis) -> bool:
        return 0 < self.expires_at - now <= self.timeouts.warning * MINUTE

    def check(self, now: Millis) -> None:
        """Raise `SessionExpiredError` if the session is over."""
        if now >= self.expires_at:
            raise SessionExpiredError(self.id)

    def renewed(self, now: Millis) -> Self:
        """Let its time begin anew, as far as its longest duration lets it."""
        changed = replace(self._active(now), renewed_at=now)
        gained = changed.expires_at > self.expires_at
        return replace(changed, renewals=self.renewals + gained)

    def touched(self, now: Millis) -> Self:
        """Note that it is in use, which renews it if it is of that kind."""
        return self.renewed(now) if self.timeouts.auto_renew else self._active(now)

    def said(self, now: Millis) -> Self:
        """Note a message. Each has a millisecond of its own, `said_at`: by it they are ordered."""
        return replace(self.touched(now), said_at=max(now, self.said_at + 1))

    def timed(self, timeouts: Timeouts, now: Millis) -> Self:
        """Give it other times, which run from now on."""
        return replace(self._active(now), renewed_at=now, timeouts=timeouts)

    def _active(self, now: Millis) -> Self:
        return replace(self, active_at=now, version=self.version + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """`job_id`: the job that a user's message is, or that brought an agent's."""

    id: str
    job_id: str
    author_id: str
    is_agent: bool
    content: str
    metadata: Mapping[str, Any]
    at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which messages of a session: those between two times, neither of them included.

    The newest `limit` of them, or with `oldest` the oldest.
    """

    limit: int
    before: Millis | None = None
    after: Millis | None = None
    oldest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """Newest first. A page may be short of its limit where messages are large; `more` tells."""

    messages: Sequence[ChatMessage]
    more: bool


def question_in(job: Job) -> ChatMessage:
    """Return the message that a session's job is. They have one id and one time."""
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
    """Return what the agent has answered, if it has."""
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


def recalled(asked: Sequence[ChatMessage], answered: Sequence[ChatMessage]) -> Sequence[Said]:
    """Put a conversation together, each answer after its question.

    Both come in order. Of a long one the newest part is kept, and it begins with a question.
    """
    answers = {message.job_id: message for message in answered}
    kept: list[Said] = []
    room = MOST_RECALLED_CHARACTERS
    for question in reversed(asked):
        answer = answers.get(question.id)
        turn = [Said(m.is_agent, m.content) for m in (question, answer) if m]
        room -= sum(len(said.content) for said in turn)
        if room < 0:
            break
        kept = turn + kept
    return kept
