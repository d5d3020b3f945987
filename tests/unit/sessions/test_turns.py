"""A state machine test: a session's messages are answered one at a time and in order."""

from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.attempt import LEASE_MS
from jobs.core.cancel_job import CancelJob
from jobs.core.errors import JobEndedError, JobLeasedError, StaleJobError
from jobs.core.job import JobRef
from jobs.core.limit_rate import LimitRate
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.messaging.agent import Agent
from jobs.messaging.choose_agent import ChooseAgent
from jobs.messaging.ports import Answer
from jobs.messaging.run_agent_job import RunAgentJob
from jobs.sessions.adapters.sqlite import SqliteSessions
from jobs.sessions.errors import SessionExpiredError
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.pass_turn import PassTurn
from jobs.sessions.send_message import NewMessage, SendMessage
from jobs.sessions.session import ANSWER_TIMEOUT, MAX_HISTORY_TURNS, ChatSession, Timeouts, Turn
from jobs.sessions.take_turn import TakeTurn
from jobs.sessions.use_session import NewSession, OpenSession
from tests.databases import Jobs, Registry
from tests.fakes.memory import Outbox
from tests.support import HOUR, FrozenClock
from tests.unit.support import AGENT_ID, Receipt


class WorkerDiedError(BaseException):
    """The worker crashed without cleanup."""


class MortalQueue(Outbox):
    dies = False

    def send(self, ref: JobRef) -> None:
        if self.dies:
            raise WorkerDiedError
        super().send(ref)


class MortalSessions(SqliteSessions):
    dies = False

    def save_turn(self, tenant: str, session_id: str, turn: Turn) -> None:
        if self.dies:
            raise WorkerDiedError
        super().save_turn(tenant, session_id, turn)


class Turns(RuleBasedStateMachine):
    """`queue` holds messages for workers, `again` those that a worker has failed to process."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrozenClock()
        self.repository = Jobs(self.clock)
        self.sessions = sessions = MortalSessions(
            self.repository.database, self.repository, self.clock
        )
        find_turn = FindTurn(repository=self.repository, sessions=sessions)
        registry = Registry()
        registry.put_agent("acme", Agent(id=AGENT_ID, name="Ada"))
        shared: Any = {"find_turn": find_turn, "sessions": sessions, "clock": self.clock}
        self.queue = MortalQueue()
        self.send = SendMessage(
            **shared,
            repository=self.repository,
            send_early=self.send_early,  # type: ignore[arg-type]
            retention=24 * HOUR,
        )
        self.cancel = CancelJob(repository=self.repository, clock=self.clock)
        self.pass_turn = PassTurn(find_turn=find_turn, sessions=sessions, queue=self.queue)
        self.run_job = RunAgentJob(
            repository=self.repository,
            agents=registry,
            providers=lambda _: self,
            polls=Outbox(),
            log=SqliteOutputLog(self.repository.database),
            turns=TakeTurn(**shared),
            clock=self.clock,
        )
        self.session: ChatSession = OpenSession(
            sessions=sessions,
            choose_agent=ChooseAgent(agents=registry),
            limit_rate=LimitRate(limits=SqliteRateLimits(self.repository.database, self.clock)),
            clock=self.clock,
        )(NewSession(
            tenant="acme", agent_id=AGENT_ID, user_id="u", metadata={}, timeouts=Timeouts(),
        ))  # fmt: skip
        self.sent: list[JobRef] = []
        self.answered: list[str] = []
        self.histories: dict[str, list[str]] = {}
        self.outcome: Any = Answer("Fine")
        self.followed = 0
        self.early_arrives = True
        self.again: list[JobRef] = []

    def send_early(self, ref: JobRef) -> None:
        """Only the message whose turn it is comes early."""
        earlier = [self.repository.get(each) for each in self.sent]
        assert all(job.status.is_terminal for job in earlier)
        if self.early_arrives:
            self.queue.sent.append(ref)

    # ── The agent ──

    def ask(self, agent: Agent, question: Any) -> Any:
        earlier = [self.repository.get(ref) for ref in self.sent if ref.id < question.job_id]
        assert all(job.as_of(self.clock()).status.is_terminal for job in earlier)
        answers = [job.result["content"] for job in earlier[-MAX_HISTORY_TURNS:] if job.result]
        history = [message.content for message in question.history if message.by_agent]
        assert history == answers
        self.answered.append(question.job_id)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    # ── Rules ──

    @rule(target=jobs, early_arrives=st.booleans())
    def say(self, *, early_arrives: bool) -> JobRef:
        self.early_arrives = early_arrives
        new = NewMessage(
            tenant="acme", session=self.session.id, content="Hello",
            metadata={}, idempotency_key=None, request_hash="h",
        )  # fmt: skip
        try:
            ref = self.send(new).job.ref
        except SessionExpiredError:
            return JobRef(tenant="", kind="", id="")
        self.sent.append(ref)
        self.queue.send(ref)  # as the stream consumer does
        return ref

    @rule(n=st.integers(0, 5), outcome=st.sampled_from([
        Answer("Fine"), Answer("x" * 1000), UpstreamError("No", FailureClass.REFUSED), None,
        WorkerDiedError(),
    ]))  # fmt: skip
    def work(self, n: int, outcome: Any) -> None:
        """Run a worker on any message of the queue."""
        messages = self.queue.sent or self.again
        if not messages:
            return
        count = 1 if messages is self.queue.sent else 2
        ref = messages.pop(n % len(messages))
        self.outcome = outcome
        try:
            self.run_job(ref, Receipt(count))
        except (JobLeasedError, WorkerDiedError):
            self.again.append(ref)

    @rule(ref=jobs)
    def cancel_one(self, ref: JobRef) -> None:
        if ref in self.sent:
            with suppress(JobEndedError, StaleJobError):
                self.cancel(ref)

    @rule(ref=jobs)
    def repeat_a_message(self, ref: JobRef) -> None:
        if ref in self.sent:
            self.queue.send(ref)

    @rule(millis=st.sampled_from([1, LEASE_MS, ANSWER_TIMEOUT]))
    def wait(self, millis: int) -> None:
        self.clock.advance(millis)

    @rule()
    def follow(self) -> None:
        """Process the stream's next change, after timing out overdue jobs."""
        self.time_out()
        if self.followed < len(self.repository.changes):
            change = self.repository.changes[self.followed]
            self.followed += 1
            if change.status and change.status.is_terminal:
                self.pass_turn(self.repository.get(change.ref))

    @rule(before_sending=st.booleans())
    def die_while_following(self, *, before_sending: bool) -> None:
        """The worker dies, and the stream repeats the change."""
        followed, victim = self.followed, self.queue if before_sending else self.sessions
        victim.dies = True
        try:
            self.follow()
        except WorkerDiedError:
            self.followed = followed
        finally:
            victim.dies = False

    def time_out(self) -> None:
        for job in self.repository.all():
            now = job.as_of(self.clock())
            if now is not job:
                self.repository.save(now, replacing=job)

    # ── Invariants ──

    @invariant()
    def agents_are_asked_in_order(self) -> None:
        firsts = list(dict.fromkeys(self.answered))
        assert firsts == sorted(firsts)

    def teardown(self) -> None:
        """In the end, messages wait only for a silent agent."""
        self.clock.advance(LEASE_MS)  # leases of crashed workers expire
        while self.queue.sent or self.again or self.followed < len(self.repository.changes):
            self.follow()
            self.work(0, Answer("Fine"))
        waiting = [job for ref in self.sent if not (job := self.repository.get(ref)).ended_at]
        assert not waiting or waiting[0].status is JobStatus.RUNNING


TestTurns = Turns.TestCase
