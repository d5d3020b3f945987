"""Claim a message job, ask its agent, store the answer."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Final
from uuid import uuid4

from jobs.core.change_job import change_job
from jobs.core.errors import JobEndedError, JobNotFoundError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.ports import Delivery, JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError, UpstreamError
from jobs.kit.heartbeat import OutOfTimeError, attended
from jobs.messaging.agent import Agent
from jobs.messaging.errors import AgentNotFoundError, NotItsTurnError
from jobs.messaging.ports import (
    Agents,
    Answer,
    Delegated,
    Outcome,
    PollTimers,
    Provider,
    Question,
    Turns,
)

LEASE: Final[Millis] = 25_000
HOLD_S: Final = 30
BEAT_S: Final = 10.0
RETRY_S: Final = 5
"""A worker that dies is noticed `LEASE` after its last beat; its message returns after `HOLD_S`."""

type Providers = Callable[[str], Provider]


class Ran(StrEnum):
    """How an attempt went."""

    ANSWERED = "answered"
    FAILED = "failed"
    DELEGATED = "delegated"
    UNANSWERED = "unanswered"
    WAITS = "waits for its turn"
    NOT_NEEDED = "not needed"
    TOO_LATE = "too late"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAgentJob:
    repository: JobRepository
    agents: Agents
    providers: Providers
    timers: PollTimers
    turns: Turns
    clock: Clock

    def __call__(self, ref: JobRef, delivery: Delivery) -> Ran:
        """Make one attempt. Raises `JobLeasedError` while another worker is at it."""
        with suppress(UnavailableError):  # the message is ours all the same, only for longer
            delivery.hold(HOLD_S)
        try:
            job = change_job(self.repository, ref, self._claimed)
        except (JobEndedError, JobNotFoundError):
            return Ran.NOT_NEEDED
        except NotItsTurnError:
            return Ran.WAITS  # and is sent again when its turn has come
        try:
            outcome = Delegated(job.handle) if job.handle else self._ask(job, delivery)
            return self._finish(job, outcome)
        except (JobEndedError, StaleJobError):
            return Ran.TOO_LATE
        except OutOfTimeError:
            return Ran.UNANSWERED  # its deadline has come, and with it the timer
        except Exception:
            self._give_up(job, delivery)
            raise

    def _claimed(self, job: Job) -> Job:
        claimed = job.claim(now=self.clock(), lease=LEASE)
        self.turns.take(job)
        return claimed

    def _ask(self, job: Job, delivery: Delivery) -> Outcome | UpstreamError:
        try:
            agent = agent_of(job, self.agents)
            provider = self.providers(agent.provider)
            question = replace(question_of(job), history=self.turns.recall(job))
            return attended(
                partial(provider.ask, agent, question),
                beat=partial(self._beat, job, delivery),
                every=BEAT_S,
                at_most=(job.deadline - self.clock()) / 1000,
            )
        except (UpstreamError, AgentNotFoundError) as error:
            return UpstreamError(str(error))

    def _beat(self, job: Job, delivery: Delivery) -> None:
        with suppress(UnavailableError):  # the message stays away for another two beats
            delivery.hold(HOLD_S)
        with suppress(UnavailableError):  # the lease lasts for another one
            self.repository.renew(job, lease_until=self.clock() + LEASE)

    def _give_up(self, job: Job, delivery: Delivery) -> None:
        """Let the next attempt begin soon, not only when the lease would have run out."""
        with suppress(StaleJobError, UnavailableError):
            self.repository.renew(job, lease_until=self.clock())
            delivery.hold(RETRY_S)

    def _finish(self, job: Job, outcome: Outcome | UpstreamError) -> Ran:
        match outcome:
            case Delegated(handle):
                self.repository.save(job.delegate(handle), replacing=job)
                self.timers.poll(job.ref, until=job.deadline)
                return Ran.DELEGATED
            case Answer() | UpstreamError():
                self.repository.save(ended(job, outcome, now=self.clock()), replacing=job)
                return Ran.ANSWERED if isinstance(outcome, Answer) else Ran.FAILED
            case None:
                return Ran.UNANSWERED


def agent_of(job: Job, agents: Agents) -> Agent:
    """Return the job's agent as registered now, or raise `AgentNotFoundError`."""
    agent = agents.find_agent(job.tenant, job.request["agentId"])
    if agent is None:
        raise AgentNotFoundError(job.request["agentId"])
    return agent


def question_of(job: Job) -> Question:
    return Question(
        job_id=job.id,
        user_id=job.request["userId"],
        content=job.request["content"],
        metadata=job.request["metadata"],
        timeout=job.deadline - job.created_at,
        deadline=job.deadline,
    )


def ended(job: Job, outcome: Answer | UpstreamError, *, now: Millis) -> Job:
    if isinstance(outcome, UpstreamError):
        return job.fail(str(outcome), now=now)
    message = {"id": str(uuid4()), "content": outcome.content}
    metadata = {} if outcome.metadata is None else {"metadata": dict(outcome.metadata)}
    return job.succeed(message | metadata, now=now)
