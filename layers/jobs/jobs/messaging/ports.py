"""Ports of messaging. Every method may raise `UnavailableError`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from jobs.core.job import Job, JobRef
from jobs.core.tokens import NO_TOKENS, Tokens
from jobs.kit.clock import Millis
from jobs.messaging.agent import Agent
from jobs.messaging.history import PastMessage
from jobs.messaging.poll import Poll


def _say_nothing(_: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Equal in every attempt: providers use `job_id` as the idempotency key.

    `history`: the earlier messages of the session, oldest first. A provider that has an answer in
    pieces calls `say` with each one, in order; all together are the answer. `say` raises
    `StaleJobError` when the answer is no longer wanted.
    """

    job_id: str
    user_id: str
    content: str
    metadata: Mapping[str, Any]
    timeout: Millis
    deadline: Millis
    history: Sequence[PastMessage] = ()
    say: Callable[[str], None] = field(default=_say_nothing, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    content: str
    metadata: Mapping[str, Any] | None = None
    tokens: Tokens = NO_TOKENS


@dataclass(frozen=True, slots=True)
class Delegated:
    """Another server answers the question; `handle` is its id for the job."""

    handle: str


type Outcome = Answer | Delegated | None
"""None: the agent does not answer, and the job times out."""


class Provider(Protocol):
    def ask(self, agent: Agent, question: Question) -> Outcome:
        """Ask the agent. Raises `UpstreamError` with a reason that callers may see."""


class Delegate(Provider, Protocol):
    def poll(self, agent: Agent, question: Question, handle: str | None) -> Answer | None:
        """Return the answer, or None while there is none. Raises `UpstreamError`."""


class Agents(Protocol):
    def agents(self, tenant: str) -> Sequence[Agent]:
        """Return the tenant's agents, active or not, by `order`, then id."""

    def find_agent(self, tenant: str, agent_id: str | None) -> Agent | None:
        """Return the active agent of this id, or the first active one if the id is None.

        An agent may come from a cache of one minute; None is never cached.
        """


class Chats(Protocol):
    """The latest job of each chat. Clients choose the ids of chats, of 255 characters at most."""

    def put(self, chat: str, job: Job) -> None:
        """Make a job its chat's latest, unless the chat has a later one. Idempotent."""

    def latest(self, tenant: str, chat: str) -> JobRef | None:
        """Return the chat's latest job, which may be gone."""


class Polls(Protocol):
    def schedule(self, poll: Poll) -> None:
        """Have the remote job polled once, after the poll's pause."""


class Turns(Protocol):
    """The order in which the messages of a session are answered."""

    def take(self, job: Job) -> None:
        """Raise `NotItsTurnError` while an earlier message of the session waits or runs."""

    def recall(self, job: Job) -> Sequence[PastMessage]:
        """Return the messages before this one, oldest first."""
