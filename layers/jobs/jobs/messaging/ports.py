"""What messaging needs from the outside world. Every method may raise `UnavailableError`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jobs.core.job import Job, JobRef
from jobs.kit.clock import Millis
from jobs.messaging.agent import Agent
from jobs.messaging.history import PastMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The same at every attempt, as `job_id` is also the idempotency key that providers get.

    `history` is the conversation that the question goes on with.
    """

    job_id: str
    user_id: str
    content: str
    metadata: Mapping[str, Any]
    timeout: Millis
    deadline: Millis
    history: Sequence[PastMessage] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    content: str
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Delegated:
    """Another server is at work; `handle` is what it calls the job."""

    handle: str


type Outcome = Answer | Delegated | None
"""None: the agent says nothing, and the job runs into its deadline."""


class Provider(Protocol):
    def ask(self, agent: Agent, question: Question) -> Outcome:
        """Put the question, or raise `UpstreamError` with a reason fit for the caller's eyes."""


class Delegate(Provider, Protocol):
    def poll(self, agent: Agent, question: Question, handle: str | None) -> Answer | None:
        """Return the answer, or None as long as there is none. Raises `UpstreamError`."""


class Agents(Protocol):
    def agents(self, tenant: str) -> Sequence[Agent]:
        """Return the tenant's agents, active or not, by `order`, then id."""

    def find_agent(self, tenant: str, agent_id: str | None) -> Agent | None:
        """Return the active agent of this id, or the first active one if the id is None.

        The answer may be a minute old, except None, which is read anew.
        """


class PollTimers(Protocol):
    def poll(self, ref: JobRef, *, until: Millis) -> None:
        """Poll the job's remote half until it ends. Idempotent."""


class Turns(Protocol):
    """The order in which the messages of a session are answered."""

    def take(self, job: Job) -> None:
        """Raise `NotItsTurnError` while an earlier message of the session waits or runs."""

    def recall(self, job: Job) -> Sequence[PastMessage]:
        """Return the conversation up to a message whose turn it is."""
