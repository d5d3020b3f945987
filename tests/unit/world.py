"""The world of a state machine test: all use cases on one repository with scripted faults."""

from collections.abc import Callable
from typing import Any, Final

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from jobs import kinds
from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.attempt import LEASE_MS
from jobs.core.cancel_job import CancelJob
from jobs.core.changes import JobChange
from jobs.core.create_job import CreateJob
from jobs.core.dispatch_job import DispatchJob
from jobs.core.end_dead_letter import EndDeadLetter
from jobs.core.errors import JobEndedError, JobLeasedError, StaleJobError
from jobs.core.expire_job import ExpireJob
from jobs.core.get_job import GetJob
from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey, JobRepository
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass, UnavailableError, UpstreamError
from jobs.messaging.agent import Agent
from jobs.messaging.poll_remote_job import PollRemoteJob
from jobs.messaging.ports import Answer, Delegated, Outcome
from jobs.messaging.run_agent_job import RunAgentJob
from jobs.sessions.adapters.sqlite import SqliteSessions
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.take_turn import TakeTurn
from tests.databases import Jobs, Registry, empty_database
from tests.fakes.memory import Outbox, change
from tests.support import HOUR, FrozenClock
from tests.unit.support import Receipt

ANSWERS: Final = {
    "answers": Answer("Fine"),
    "answers at length": Answer("x" * 1000),
    "says nothing": None,
    "delegates": Delegated("a job there"),
    "refuses": UpstreamError("No", FailureClass.REFUSED),
    "breaks": RuntimeError("a bug"),
}


class Unsteady:
    """A repository with scripted lost writes and responses; records the writes."""

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
        outcome, self.next_save = self.next_save, None
        if outcome == "is lost":
            raise UnavailableError(outcome)
        self._repository.save(job, replacing=replacing)
        self._note(job, replacing)
        if outcome == "is not answered":
            raise UnavailableError(outcome)

    def _note(self, job: Job, before: Job | None) -> None:
        """Check an accepted write: it must not be an overtaken worker's."""
        if before:
            stored = self.stored[job.ref]
            assert (before.status, before.attempt) == (stored.status, stored.attempt)
            claimed = before.lease_until != job.lease_until
            assert job.attempt == stored.attempt + claimed
        self.stored[job.ref] = job
        if before is None or before.status is not job.status:
            self.changes.append(change(job, previous=before and before.status))


class World(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = FrozenClock()
        self.repository: Any = Unsteady(self.engine())
        self.counters = SqliteJobCounters(empty_database(), self.clock)
        self.outbox = Outbox()
        self.ended: dict[JobRef, JobStatus] = {}
        self.attempts: dict[JobRef, int] = {}
        registry = Registry()
        registry.put_agent("acme", Agent(id="a", name="Ada"))
        shared = {"repository": self.repository, "clock": self.clock}
        self.create_job = CreateJob(**shared, retention=24 * HOUR)
        self.get_job = GetJob(**shared)
        self.cancel_job = CancelJob(**shared)
        self.end_dead_letter = EndDeadLetter(**shared, kinds=kinds.kind)
        self.expire_job = ExpireJob(**shared)
        self.dispatch_job = DispatchJob(
            repository=self.repository, timers=self.outbox, send=self.outbox.send_new
        )
        others = Jobs(self.clock)
        self.sessions = SqliteSessions(others.database, others, self.clock)
        self.run_agent_job = RunAgentJob(
            **shared,
            agents=registry,
            providers=lambda _: self,
            polls=self.outbox,
            log=SqliteOutputLog(others.database),
            turns=TakeTurn(
                find_turn=FindTurn(repository=self.repository, sessions=self.sessions),
                sessions=self.sessions,
                clock=self.clock,
            ),
        )
        self.poll_remote_job = PollRemoteJob(**shared, agents=registry, remote=self)
        self.script: list[tuple[Outcome | Exception, Callable[[], None]]] = []

    def engine(self) -> JobRepository:
        return Jobs(self.clock)

    # ── The provider, and concurrent events ──

    def ask(self, agent: Any, question: Any) -> Any:
        outcome, meanwhile = self.script.pop()
        meanwhile()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def poll(self, agent: Any, question: Any, handle: str | None) -> Any:
        return self.ask(agent, question)

    # ── Helpers of rules ──

    def seen(self, ref: JobRef) -> Job:
        """Read a job without side effects: `get_job` stores the timeout that it shows."""
        job: Job = self.repository.get(ref).as_of(self.clock())
        return job

    def some_job(self, data: Any) -> Job:
        jobs = [*self.repository.stored.values()]
        job: Job = jobs[data.draw(st.integers(0, len(jobs) - 1), label="job")]
        return job

    def run(self, ref: JobRef, does: str, meanwhile: Callable[[], Any], *, count: int = 1) -> Any:
        self.script.append((ANSWERS[does], meanwhile))
        before = len(self.script)
        try:
            return self.expect(lambda: self.run_agent_job(ref, Receipt(count)))
        finally:
            del self.script[before - 1 :]  # the provider was not called

    def overtake(self, ref: JobRef, does: str) -> None:
        self.clock.advance(LEASE_MS)
        self.run(ref, does, lambda: None, count=2)

    def expect[T](self, act: Callable[[], T]) -> T | None:
        """Suppress the errors that a caller must expect."""
        try:
            return act()
        except (JobEndedError, JobLeasedError, StaleJobError, UnavailableError):
            return None
        except RuntimeError as error:
            assert str(error) == "a bug"  # noqa: PT017 - a provider's
            return None
