"""A state machine test: a job runs once, whatever becomes of its message from create.

It may come before the stream's, after it, twice or never. Processes die at any call.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.adapters.sqlite.tenant_limits import SqliteTenantLimits
from jobs.core.attempt import LEASE_MS
from jobs.core.create_job import CreateJob, NewJob
from jobs.core.dispatch_job import DispatchJob
from jobs.core.errors import JobLeasedError
from jobs.core.job import Job, JobRef
from jobs.core.limited_queue import LimitedQueue
from jobs.core.send_early import SendEarly
from jobs.core.slots import Release, Slot
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from jobs.messaging.agent import Agent
from jobs.messaging.message import MAX_AGE
from jobs.messaging.ports import Answer
from jobs.messaging.run_agent_job import AttemptOutcome, RunAgentJob
from jobs.sessions.adapters.sqlite import SqliteSessions
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.take_turn import TakeTurn
from tests.databases import Jobs, Registry, Slots, empty_database
from tests.fakes.memory import Outbox
from tests.support import HOUR, FrozenClock
from tests.unit.core.test_limited_queue import DiedError, Mortal
from tests.unit.support import Receipt

FAULTS = (None, "is lost", "is refused", "is not answered")


@dataclass
class Message:
    ref: JobRef
    slot: Slot
    deliveries: int = 0


class EarlyMessages(RuleBasedStateMachine):
    """`stream` has the jobs and releases that nobody has processed."""

    @initialize(limit=st.integers(1, 3))
    def begin(self, limit: int) -> None:
        self.limit = limit
        self.clock = FrozenClock()
        self.repository = Jobs(self.clock)
        self.slots = Slots(self.clock)
        self.mortal = Mortal()
        self.messages: list[Message] = []
        self.stream: list[Job | Release] = []
        self.fault: str | None = None
        self.asked: list[str] = []
        self.agent_dies = False
        queue = LimitedQueue(
            slots=self.mortal.wrap(self.slots),
            queue=self.mortal.wrap(self),
            repository=self.repository,
            tenant_limits=SqliteTenantLimits(empty_database()),
            limit=limit,
            max_age=MAX_AGE,
        )
        shared: Any = {"repository": self.repository, "clock": self.clock}
        self.create_job = CreateJob(**shared, retention=HOUR, send_early=SendEarly(queue=queue))
        self.queue = queue
        self.dispatch_job = DispatchJob(
            repository=self.repository, timers=self.mortal.wrap(Outbox()), send=queue.send_new
        )
        registry = Registry()
        registry.put_agent("acme", Agent(id="a", name="Ada"))
        sessions = SqliteSessions(self.repository.database, self.repository, self.clock)
        find_turn = FindTurn(repository=self.repository, sessions=sessions)
        self.run_job = RunAgentJob(
            **shared,
            agents=registry,
            providers=lambda _: self,
            polls=Outbox(),
            log=SqliteOutputLog(empty_database()),
            turns=TakeTurn(find_turn=find_turn, sessions=sessions, clock=self.clock),
        )

    # ── The queue, and the agent ──

    def send(self, ref: JobRef, slot: Slot, *, delay_s: int = 0) -> None:
        fault, self.fault = self.fault, None
        if fault == "is refused":
            raise UnavailableError(fault)
        if fault != "is lost":
            self.messages.append(Message(ref, slot))
        if fault == "is not answered":
            raise UnavailableError(fault)

    def ask(self, agent: Any, question: Any) -> Answer:
        if self.agent_dies:
            raise DiedError
        self.asked.append(question.job_id)
        return Answer("Fine")

    # ── Rules ──

    @rule(
        fault=st.sampled_from(FAULTS),
        dies_at=st.integers(0, 5),
        key=st.sampled_from([None, None, "k"]),
    )
    def create(self, fault: str | None, dies_at: int, key: str | None) -> None:
        self.clock.advance(1)
        new = NewJob(
            tenant="acme",
            kind="messaging",
            request={"agentId": "a", "userId": "u", "content": "Hello", "metadata": {}},
            timeout=300_000,
            idempotency_key=key,
            request_hash="h",
        )
        before, sent = len(self.repository.all()), len(self.messages)
        self.fault, self.mortal.dies_at = fault, dies_at
        with suppress(DiedError):
            self.create_job(new)
        self.fault, self.mortal.dies_at = None, 0
        stored = self.repository.all()[before:]
        self.stream += stored
        assert stored or len(self.messages) == sent  # a repeated key sends nothing

    @rule(which=st.integers(0, 5), dies_at=st.integers(0, 14))
    def dispatch(self, which: int, dies_at: int) -> None:
        """Process a record. One that fails stays in the stream."""
        if not self.stream:
            return
        record = self.stream[which % len(self.stream)]
        self.mortal.dies_at = dies_at
        try:
            if isinstance(record, Job):
                self.dispatch_job(record.ref, check_at=record.deadline)
            else:
                self.queue.send_waiting(record)
        except DiedError:
            return
        finally:
            self.mortal.dies_at = 0
            self.read_releases()
        self.stream.remove(record)

    @rule(which=st.integers(0, 5), dies=st.booleans())
    def work(self, which: int, *, dies: bool) -> None:
        """Run a worker, as `run_agent_job` does. If it dies, its message comes again."""
        if not self.messages:
            return
        message = self.messages[which % len(self.messages)]
        message.deliveries += 1
        self.agent_dies = dies
        try:
            outcome = self.run_job(message.ref, Receipt(message.deliveries))
        except (DiedError, JobLeasedError):
            return
        if outcome is not AttemptOutcome.DUPLICATE:
            self.slots.release(message.ref, message.slot)
        self.messages.remove(message)
        self.read_releases()

    @rule()
    def wait_for_lease_to_end(self) -> None:
        self.clock.advance(LEASE_MS)

    def read_releases(self) -> None:
        self.stream += self.slots.releases
        self.slots.releases.clear()

    # ── Invariants ──

    @invariant()
    def tenant_stays_within_its_limit(self) -> None:
        if not hasattr(self, "limit"):
            return
        open_jobs = {
            each.ref
            for each in self.messages
            if not self.repository.get(each.ref).as_of(self.clock()).status.is_terminal
        }
        assert len(open_jobs) <= self.limit

    @invariant()
    def agent_is_asked_once(self) -> None:
        if hasattr(self, "limit"):
            assert len(self.asked) == len({*self.asked})

    def teardown(self) -> None:
        """Once nothing dies any more, every job in time gets its answer, and no slot is lost."""
        if not hasattr(self, "limit"):
            return
        overdue = {
            job.id for job in self.repository.all() if self.clock() + LEASE_MS >= job.deadline
        }
        self.clock.advance(LEASE_MS)
        for _ in range(300):
            while self.stream:
                self.dispatch(0, 0)
            if not self.messages:
                break
            self.work(0, dies=False)
        for job in self.repository.all():
            assert job.id in overdue or job.status is JobStatus.SUCCEEDED
        assert overdue or self.slots.count("acme", "messaging") == 0


TestEarlyMessages = EarlyMessages.TestCase
