"""Whatever happens to webhooks, in whatever order: none is lost, and none is said to be delivered
that nobody has taken."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from jobs import kinds
from jobs.core.adapters.job_events import JobEvents
from jobs.core.changes import JobChange
from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.core.webhook import Webhook
from jobs.kit.errors import UnavailableError
from jobs.webhooks.deliver_webhook import ATTEMPTS, DeliverWebhook
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.plan_deliveries import PlanDeliveries
from jobs.webhooks.redeliver_webhook import RedeliverWebhook
from jobs.webhooks.signature import new_secret
from jobs.webhooks.webhook import DeliveryRef, DeliveryState, Subscription
from tests.fakes.memory_webhooks import InMemoryDeliveryLog, InMemorySubscriptions
from tests.payments import Killed, Unsteady
from tests.support import NOON, FrozenClock

JOB = JobRef(tenant="acme", kind="messaging", id="019b7963-4a00-7000-8000-000000000001")
OWN = Webhook(url="https://own.example.com")
CHANGES = [
    JobChange(
        ref=JOB, sequence=n, status=status, previous=None, changed_at=NOON, created_at=NOON,
        gone_at=NOON, webhook=OWN,
    )
    for n, status in enumerate([JobStatus.PENDING, JobStatus.RUNNING, JobStatus.SUCCEEDED], 1)
]  # fmt: skip
FATES = st.lists(st.sampled_from(["", "unavailable", "lost", "killed", "killed after"]), max_size=3)


class WebhookLife(RuleBasedStateMachine):
    """Batches are replayed, workers are killed, answers are lost, operators redrive."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[tuple[DeliveryRef, int]] = []
        self.letters: list[DeliveryRef] = []
        self.unread = 0
        """The stream's records from here on have not been read to the end."""
        self.taken = set[str]()
        self.answer: int | Exception = 204
        self.stored = InMemoryDeliveryLog()
        self.log: Any = Unsteady(self.stored)
        subscriptions = InMemorySubscriptions()
        standing = Webhook(url="https://crm.example.com", events=frozenset({"completed"}))
        subscriptions.put(Subscription(id="crm", tenant="acme", webhook=standing))
        clock, secret = FrozenClock(), new_secret()
        self.plan = PlanDeliveries(
            subscriptions=subscriptions,
            log=self.log,
            queue=self,
            describe=JobEvents(kinds.kind).detail,
            clock=clock,
        )
        self.deliver = DeliverWebhook(
            log=self.log,
            secrets=Secrets(secret),
            sender=Receiver(self.receive),
            metrics=Unmeasured(),
            clock=clock,
        )
        self.redeliver = RedeliverWebhook(log=self.stored, queue=self)
        self.clock = clock

    def send(self, refs: Any) -> None:
        self.queue += [(ref, 0) for ref in refs]

    def receive(self, webhook_id: str) -> int:
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer < 300:
            self.taken.add(webhook_id)
        return self.answer

    # ── What may happen ──

    @rule(first=st.integers(0, 2), count=st.integers(1, 3), fates=FATES)
    def read_stream(self, first: int, count: int, fates: list[str]) -> None:
        """In order, but also what has been read before."""
        first = min(first, self.unread)
        self.log.fate = fates
        try:
            self.plan(CHANGES[first : first + count])
            self.unread = max(self.unread, min(first + count, len(CHANGES)))
        except (UnavailableError, Killed):
            pass
        finally:
            self.log.fate = []

    @precondition(lambda self: self.queue)
    @rule(
        which=st.integers(0, 9),
        tired=st.booleans(),
        answer=st.sampled_from([204, 302, 410, 500, NotDeliveredError("timeout")]),
        fates=FATES,
    )
    def work(self, which: int, *, tired: bool, answer: Any, fates: list[str]) -> None:
        ref, received = self.queue.pop(which % len(self.queue))
        received = ATTEMPTS if tired else received + 1
        self.clock.advance(1000)
        self.answer, self.log.fate = answer, fates
        try:
            again = self.deliver(ref, received=received).again_in is not None
        except (UnavailableError, Killed):
            again = True
        finally:
            self.log.fate = []
        if again and received >= ATTEMPTS:
            self.letters.append(ref)
        elif again:
            self.queue.append((ref, received))

    @rule()
    def redrive(self) -> None:
        self.send(self.letters)
        self.letters = []

    @precondition(lambda self: self.deliveries())
    @rule(which=st.integers(0, 9))
    def ask_for_it_again(self, which: int) -> None:
        found = self.deliveries()
        self.redeliver("acme", found[which % len(found)].id)

    # ── What must hold ──

    def deliveries(self) -> Any:
        return self.stored.of_job("acme", JOB.id)

    @invariant()
    def what_is_delivered_was_taken(self) -> None:
        for each in self.deliveries():
            if each.state is DeliveryState.DELIVERED:
                assert each.id in self.taken
                assert any(attempt.succeeded for attempt in each.attempts)

    @invariant()
    def what_is_pending_has_a_message(self) -> None:
        waiting = {ref.id for ref, _ in self.queue} | {ref.id for ref in self.letters}
        for each in self.deliveries():
            if each.sequence <= self.unread and each.state is DeliveryState.PENDING:
                assert each.id in waiting

    @invariant()
    def each_change_has_one_delivery_for_each_webhook(self) -> None:
        found = [(each.sequence, each.subscription) for each in self.deliveries()]
        assert len(found) == len(set(found))
        assert {*found} <= {(1, None), (2, None), (3, None), (3, "crm")}

    def teardown(self) -> None:
        """In the end all is read and redriven, and whoever has not declined it has it."""
        self.plan(CHANGES[self.unread :])
        self.unread = len(CHANGES)
        self.redrive()
        declined = {e.id for e in self.deliveries() if e.attempts and e.attempts[-1].unwanted}
        while self.queue:
            self.work(0, tired=False, answer=204, fates=[])
        assert len(self.deliveries()) == 4
        for each in self.deliveries():
            assert each.state is DeliveryState.DELIVERED or each.id in declined


class Secrets:
    def __init__(self, *live: str) -> None:
        self._live = live

    def live(self, tenant: str) -> Any:
        return self._live


class Receiver:
    def __init__(self, receive: Callable[[str], int]) -> None:
        self._receive = receive

    def send(self, url: str, headers: Any, body: bytes) -> int:
        return self._receive(headers["webhook-id"])


class Unmeasured:
    def attempted(self, state: DeliveryState) -> None:
        pass


TestWebhookLife = WebhookLife.TestCase
TestWebhookLife.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
