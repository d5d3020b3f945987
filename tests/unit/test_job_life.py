"""Whatever happens to jobs, in whatever order: the status table is the judge."""

from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any, Final

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from moto import mock_aws

from jobs.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.adapters.memory import (
    InMemoryJobCounters,
    InMemoryJobRepository,
    InMemoryRegistry,
    Outbox,
    change,
)
from jobs.agents.provider import Answer, Delegated, Outcome
from jobs.domain.agent import Agent
from jobs.domain.counts import JobChange
from jobs.domain.errors import (
    AgentError,
    JobEndedError,
    JobLeasedError,
    StaleJobError,
    UnavailableError,
)
from jobs.domain.job import Job, JobRef, Millis
from jobs.domain.status import JobStatus
from jobs.ports import IdempotencyKey, JobRepository
from jobs.services.cancel_job import CancelJob
from jobs.services.change_job import change_job
from jobs.services.create_job import CreateJob, NewJob
from jobs.services.dispatch_job import DispatchJob
from jobs.services.end_dead_letter import EndDeadLetter
from jobs.services.expire_job import ExpireJob
from jobs.services.get_job import GetJob
from jobs.services.poll_remote_job import PollRemoteJob
from jobs.services.run_agent_job import LEASE, Ran, RunAgentJob
from tests.adapters.engines import DynamoDb, client
from tests.support import HOUR, FrozenClock

REQUEST = {"agentId": "a", "userId": "u", "content": "Hello", "metadata": {}}
ANSWERS: Final = {
    "answers": Answer("Fine"),
    "answers at length": Answer("x" * 1000),
    "says nothing": None,
    "delegates": Delegated("a job there"),
    "refuses": AgentError("No"),
    "breaks": RuntimeError("a bug"),
}


class Unsteady:
    """A repository that loses writes and answers when told to, and notes what was written."""

    def __init__(self, repository: JobRepository) -> None:
        self._repository = repository
        self.changes: list[JobChange] = []
        self.stored: dict[JobRef, Job] = {}
        self.next_save: str | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._repository, name)

    def add(self, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        ref = self._repository.add(job, key)
        if ref == job.ref:
            self._note(job, None)
        return ref

    def save(self, job: Job, *, replacing: Job) -> None:
        fate, self.next_save = self.next_save, None
        if fate == "is lost":
            raise UnavailableError(fate)
        self._repository.save(job, replacing=replacing)
        self._note(job, replacing)
        if fate == "is not answered":
            raise UnavailableError(fate)

    def _note(self, job: Job, before: Job | None) -> None:
        """Judge what was accepted: an overtaken worker's write must not have been."""
        if before:
            stored = self.stored[job.ref]
            assert (before.status, before.attempt) == (stored.status, stored.attempt)
            claimed = before.lease_until != job.lease_until
            assert job.attempt == stored.attempt + claimed
        self.stored[job.ref] = job
        if before is None or before.status is not job.status:
            self.changes.append(change(job, previous=before and before.status))


class Held:
    def hold(self, seconds: int) -> None:
        """Nobody else looks at this message."""


class JobLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = FrozenClock()
        self.repository: Any = Unsteady(self.engine())
        self.counters = InMemoryJobCounters(self.clock)
        self.outbox = Outbox()
        self.ended: dict[JobRef, JobStatus] = {}
        self.attempts: dict[JobRef, int] = {}
        registry = InMemoryRegistry()
        registry.put_agent("acme", Agent(id="a", name="Ada"))
        shared = {"repository": self.repository, "clock": self.clock}
        self.create_job = CreateJob(**shared, retention=24 * HOUR)
        self.get_job = GetJob(**shared)
        self.cancel_job = CancelJob(**shared)
        self.end_dead_letter = EndDeadLetter(**shared)
        self.expire_job = ExpireJob(repository=self.repository)
        self.dispatch_job = DispatchJob(timers=self.outbox, queue=self.outbox)
        self.run_agent_job = RunAgentJob(
            **shared, registry=registry, providers=lambda _: self, timers=self.outbox
        )
        self.poll_remote_job = PollRemoteJob(**shared, registry=registry, remote=self)
        self.script: list[tuple[Outcome | Exception, Callable[[], None]]] = []

    def engine(self) -> JobRepository:
        return InMemoryJobRepository(self.clock)

    # ── What a provider does, and what happens meanwhile ──

    def ask(self, agent: Any, question: Any) -> Any:
        outcome, meanwhile = self.script.pop()
        meanwhile()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def poll(self, agent: Any, question: Any, handle: str | None) -> Any:
        return self.ask(agent, question)

    # ── What may happen ──

    @rule(timeout=st.sampled_from([1_000, 30_000, 300_000]), key=st.sampled_from([None, "k", "l"]))
    def create(self, timeout: Millis, key: str | None) -> None:
        new = NewJob(
            tenant="acme",
            dialect="messaging",
            request=REQUEST,
            timeout=timeout,
            idempotency_key=key,
            request_hash="h",
        )
        job = self.create_job(new)
        again = self.create_job(new)

        assert (job.ref == again.ref) is (key is not None)

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def dispatch(self, data: Any) -> None:
        job = self.some_job(data)
        self.dispatch_job(job.ref, deadline=job.deadline)
        self.dispatch_job(job.ref, deadline=job.deadline)
        assert self.outbox.deadlines[job.ref] == job.deadline

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data(), does=st.sampled_from([*ANSWERS]), meanwhile=st.integers(0, 6))
    def deliver(self, data: Any, does: str, meanwhile: int) -> None:
        job = self.some_job(data)
        ref, before = job.ref, self.get_job(job.ref)
        events = [
            lambda: None,
            lambda: self.clock.advance(LEASE),
            lambda: self.clock.advance(job.deadline - job.created_at),
            lambda: self.expect(lambda: self.cancel_job(ref)),
            lambda: self.run(ref, "answers", lambda: None),
            lambda: self.overtake(ref, "refuses"),
            lambda: self.overtake(ref, "says nothing"),
        ]
        ran = self.run(ref, does, events[meanwhile])

        if before.status.is_terminal:
            assert ran is Ran.NOT_NEEDED
        if ran is Ran.ANSWERED:
            assert self.get_job(ref).status is JobStatus.SUCCEEDED
        if ran is Ran.FAILED:
            assert self.get_job(ref).status is JobStatus.FAILED

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def die_after_claiming(self, data: Any) -> None:
        job = self.some_job(data)
        self.expect(
            lambda: change_job(
                self.repository, job.ref, lambda j: j.claim(now=self.clock(), lease=LEASE)
            )
        )

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        ref = self.some_job(data).ref
        before = self.get_job(ref).status

        with suppress(UnavailableError):
            try:
                cancelled = self.cancel_job(ref)
            except JobEndedError:
                assert before.is_terminal
            else:
                assert not before.is_terminal
                assert self.get_job(ref) == cancelled

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def expire(self, data: Any) -> None:
        job = self.some_job(data)
        self.clock.now = max(self.clock.now, job.deadline)

        self.expect(lambda: self.expire_job(job.ref))

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def give_up_the_message(self, data: Any) -> None:
        ref = self.some_job(data).ref
        before = self.get_job(ref)

        if self.expect(lambda: self.end_dead_letter(ref)):
            assert not before.status.is_terminal
            assert self.get_job(ref).error == "Job could not be processed"

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data(), does=st.sampled_from(["answers", "says nothing", "refuses"]))
    def ask_the_other_server(self, data: Any, does: str) -> None:
        job = self.some_job(data)
        if self.repository.get(job.ref).handle is None:
            return
        self.script.append((ANSWERS[does], lambda: None))

        ended = self.expect(lambda: self.poll_remote_job(job.ref))

        self.script.clear()
        if ended:
            assert self.get_job(job.ref).status.is_terminal

    @rule(millis=st.sampled_from([1, 999, LEASE, 60_000]))
    def wait(self, millis: Millis) -> None:
        self.clock.advance(millis)

    @rule(fate=st.sampled_from(["is lost", "is not answered"]))
    def break_the_next_save(self, fate: str) -> None:
        self.repository.next_save = fate

    @rule(replayed=st.integers(0, 10))
    def tell_the_counters(self, replayed: int) -> None:
        self.counters.count(self.repository.changes[-replayed:])

    # ── What always holds ──

    @invariant()
    def changes_follow_the_status_table(self) -> None:
        for ref in self.repository.stored:
            told = [each for each in self.repository.changes if each.ref == ref]
            assert [each.sequence for each in told] == [*range(1, len(told) + 1)]
            assert told[0].status is JobStatus.PENDING
            for earlier, later in pairwise(told):
                assert later.previous is earlier.status
                assert earlier.status.allows(later.status)
            assert sum(each.status.is_terminal for each in told) <= 1

    @invariant()
    def readers_see_the_end_at_the_deadline_at_the_latest_and_for_ever(self) -> None:
        for ref, job in self.repository.stored.items():
            seen = self.get_job(ref)
            assert seen.status.is_terminal or self.clock() < seen.deadline
            assert self.ended.get(ref, seen.status) is seen.status
            if seen.status.is_terminal:
                self.ended[ref] = seen.status
                assert seen.ended_at is not None
                assert seen.ended_at <= seen.deadline
            stored = self.repository.get(ref)
            assert (stored.status, stored.sequence) == (job.status, job.sequence)
            assert (stored.result is not None) is (stored.status is JobStatus.SUCCEEDED)
            assert (stored.error is not None) is (stored.status is JobStatus.FAILED)

    @invariant()
    def attempts_only_rise(self) -> None:
        for ref in self.repository.stored:
            attempt = self.repository.get(ref).attempt
            assert attempt >= self.attempts.get(ref, 0)
            self.attempts[ref] = attempt

    @invariant()
    def counts_are_the_truth(self) -> None:
        self.counters.count(self.repository.changes)

        counted = self.counters.read("acme", "messaging").by_status

        stored = [job.status for job in self.repository.stored.values()]
        assert counted == {status: stored.count(status) for status in JobStatus}

    # ── Helpers ──

    def some_job(self, data: Any) -> Job:
        jobs = [*self.repository.stored.values()]
        job: Job = jobs[data.draw(st.integers(0, len(jobs) - 1), label="job")]
        return job

    def run(self, ref: JobRef, does: str, meanwhile: Callable[[], Any]) -> Any:
        self.script.append((ANSWERS[does], meanwhile))
        before = len(self.script)
        try:
            return self.expect(lambda: self.run_agent_job(ref, Held()))
        finally:
            del self.script[before - 1 :]  # nobody asked

    def overtake(self, ref: JobRef, does: str) -> None:
        self.clock.advance(LEASE)
        self.run(ref, does, lambda: None)

    def expect[T](self, act: Callable[[], T]) -> T | None:
        """Let through what a caller has to reckon with."""
        try:
            return act()
        except (JobEndedError, JobLeasedError, StaleJobError, UnavailableError):
            return None
        except RuntimeError as error:
            assert str(error) == "a bug"  # noqa: PT017 - a provider's
            return None


class JobLifeInDynamoDb(JobLife):
    def engine(self) -> JobRepository:
        self.aws = mock_aws()
        self.aws.start()
        engine = DynamoDb(client("dynamodb"), remote=False)
        return DynamoJobRepository(engine.client, engine.jobs, self.clock)

    def teardown(self) -> None:
        self.aws.stop()


SLOWLY = {"deadline": None, "suppress_health_check": [*HealthCheck]}

TestJobLife = JobLife.TestCase
TestJobLife.settings = settings(max_examples=300, stateful_step_count=30, **SLOWLY)
TestJobLifeInDynamoDb = JobLifeInDynamoDb.TestCase
TestJobLifeInDynamoDb.settings = settings(max_examples=5, stateful_step_count=20, **SLOWLY)
