"""Claim a message job, ask its agent, store the answer."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from jobs.core.attempt import HEARTBEAT_S, Attempt
from jobs.core.errors import (
    DuplicateMessageError,
    JobEndedError,
    JobNotFoundError,
    StaleJobError,
)
from jobs.core.failure import Failure
from jobs.core.job import Job, JobRef
from jobs.core.log_failure import log_failure
from jobs.core.output_log import OutputLog
from jobs.core.ports import Delivery, JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, RefusedError, UpstreamError
from jobs.kit.heartbeat import OutOfTimeError, run_with_heartbeat
from jobs.messaging.agent import Agent
from jobs.messaging.errors import AgentNotFoundError, NotItsTurnError
from jobs.messaging.message import answer_id
from jobs.messaging.poll import Poll
from jobs.messaging.ports import (
    Agents,
    Answer,
    Delegated,
    Outcome,
    Polls,
    Provider,
    Question,
    Turns,
)
from jobs.messaging.speech import Speech

type Providers = Callable[[str], Provider]


class AttemptOutcome(StrEnum):
    """How an attempt ended."""

    ANSWERED = "answered"
    FAILED = "failed"
    DELEGATED = "delegated"
    UNANSWERED = "unanswered"
    WAITS = "waits for its turn"
    NOT_NEEDED = "not needed"
    DUPLICATE = "duplicate message"
    TOO_LATE = "too late"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAgentJob:
    repository: JobRepository
    agents: Agents
    providers: Providers
    polls: Polls
    turns: Turns
    log: OutputLog
    clock: Clock

    def __call__(self, ref: JobRef, delivery: Delivery) -> AttemptOutcome:
        """Make one attempt. Raises `JobLeasedError` while another worker runs the job."""
        attempt = Attempt(repository=self.repository, delivery=delivery, clock=self.clock)
        attempt.hold_message()
        try:
            job = attempt.claim(ref, self.turns.take)
        except (JobEndedError, JobNotFoundError):
            return AttemptOutcome.NOT_NEEDED
        except DuplicateMessageError:
            return AttemptOutcome.DUPLICATE
        except NotItsTurnError:
            return AttemptOutcome.WAITS  # the turn before sends it again
        try:
            return self._run(job, attempt)
        except (JobEndedError, StaleJobError):
            return AttemptOutcome.TOO_LATE
        except OutOfTimeError:
            return AttemptOutcome.UNANSWERED  # the timer ends the job at its deadline
        except Exception:
            attempt.give_up(job)
            raise

    def _run(self, job: Job, attempt: Attempt) -> AttemptOutcome:
        with closing(Speech(self.log, job)) as speech:
            try:
                outcome = Delegated(job.handle) if job.handle else self._ask(job, attempt, speech)
                return self._finish(job, outcome, speech)
            except RefusedError as error:  # of a secret or an answer, for example
                return self._finish(job, error, speech)

    def _ask(self, job: Job, attempt: Attempt, speech: Speech) -> Outcome | UpstreamError:
        try:
            agent = agent_of(job, self.agents)
            provider = self.providers(agent.provider)
            question = replace(question_of(job), history=self.turns.recall(job))
            if agent.streams:
                question = replace(question, say=speech.say)
            return run_with_heartbeat(
                partial(provider.ask, agent, question),
                beat=partial(attempt.heartbeat, job),
                every_s=HEARTBEAT_S,
                timeout_s=(job.deadline - self.clock()) / 1000,
            )
        except UpstreamError as error:
            return error
        except AgentNotFoundError as error:
            return UpstreamError(str(error), FailureClass.NOT_FOUND)

    def _finish(
        self, job: Job, outcome: Outcome | UpstreamError | RefusedError, speech: Speech
    ) -> AttemptOutcome:
        match outcome:
            case Delegated(handle):
                self.repository.save(job.delegate(handle), replacing=job)
                self.polls.schedule(Poll(ref=job.ref))
                return AttemptOutcome.DELEGATED
            case Answer() | UpstreamError() | RefusedError():
                speech.flush()
                ended = end_job(job, outcome, now=self.clock())
                self.repository.save(ended, replacing=job)
                speech.finish(ended)
                return (
                    AttemptOutcome.ANSWERED
                    if isinstance(outcome, Answer)
                    else AttemptOutcome.FAILED
                )
            case None:
                return AttemptOutcome.UNANSWERED


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


def end_job(job: Job, outcome: Answer | UpstreamError | RefusedError, *, now: Millis) -> Job:
    """Store an answer, or a failure and tell the operator. Raises `JobEndedError`."""
    if not isinstance(outcome, Answer):
        failed = job.fail(Failure.of(outcome), now=now)
        log_failure(job.ref, outcome)
        return failed
    message = {"id": answer_id(job), "content": outcome.content}
    metadata = {} if outcome.metadata is None else {"metadata": dict(outcome.metadata)}
    return job.spend(outcome.tokens).succeed(message | metadata, now=now)
