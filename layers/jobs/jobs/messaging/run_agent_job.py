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
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, RefusedError, UpstreamError
from jobs.kit.heartbeat import OutOfTimeError, run_with_heartbeat
from jobs.messaging.agent import Agent
from jobs.messaging.errors import AgentNotFoundError, NotItsTurnError
from jobs.messaging.message import WorkerTask, answer_id, task_of, with_task
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
    QUEUED = "queued for workers"
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
            job = attempt.claim(ref, self.turns.take, self._hand_over)
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

    def _hand_over(self, job: Job) -> Job | None:
        """Return the job for the workers of its agent, if it has such; None: ask the agent here.

        The job's message and slot are done with: however long the job waits for workers, it holds
        nothing that other jobs need.
        """
        if task_of(job):
            return job
        if job.status.is_terminal:
            return None
        agent = self.agents.find_agent(job.tenant, job.request["agentId"])
        if agent is None or not agent.is_for_workers:
            return None
        now = self.clock()
        for_workers = with_task(job, WorkerTask(max_attempts=agent.max_attempts))
        if job.status is not JobStatus.RUNNING:
            self.turns.take(job)
            return for_workers.enqueue(now=now)
        # The agent had another provider when a worker of ours claimed the job, and died.
        return None if now < job.lease_until else for_workers.renewed(now)

    def _run(self, job: Job, attempt: Attempt) -> AttemptOutcome:
        if task_of(job):
            return AttemptOutcome.QUEUED
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
            question = question_of(job)
            question = replace(question, history=self.turns.recall(job))
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
