"""What an agent's provider is: one method, one module each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jobs.core.job import Millis
from jobs.messaging.agent import Agent
from jobs.sessions.session import Said


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
    history: Sequence[Said] = ()


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
        """Put the question, or raise `AgentError` with a reason fit for the caller's eyes."""


class Delegate(Provider, Protocol):
    def poll(self, agent: Agent, question: Question, handle: str | None) -> Answer | None:
        """Return the answer, or None as long as there is none. Raises `AgentError`."""
