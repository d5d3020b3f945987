"""A state machine test: no webhook is lost, and none is delivered without acceptance."""

from collections.abc import Callable, Sequence
from itertools import pairwise
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
from jobs.webhooks.adapters.sqlite import (
    SqliteDeliveryLog,
    SqlitePlaces,
    SqliteReceivers,
    SqliteSubscriptions,
)
from jobs.webhooks.deliver_webhook import DeliverWebhook
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.plan_deliveries import PlanDeliveries
from jobs.webhooks.redeliver_webhook import RedeliverWebhook
from jobs.webhooks.signature import new_secret
from jobs.webhooks.webhook import Attempt, DeliveryState, PlannedAttempt, Subscription
from tests.databases import empty_database
from tests.payments import Killed, Unsteady
from tests.support import NOON, FrozenClock

JOB = JobRef(tenant="acme", kind="messaging", id="019b7963-4a00-7000-8000-000000000001")
OWN = Webhook(url="https://own.example.com")
STATUSES = [JobStatus.PENDING, JobStatus.RUNNING, JobStatus.SUCCEEDED]
CHANGES = [
    JobChange(
        ref=JOB, sequence=n, status=status, previous=previous, changed_at=NOON, created_at=NOON,
        gone_at=NOON, webhook=OWN,
    )
    for n, (previous, status) in enumerate(pairwise([None, *STATUSES]), 1)
]  # fmt: skip
OUTCOMES = st.lists(
    st.sampled_from(["", "unavailable", "lost", "killed", "killed after"]), max_size=3
)


class WebhookLife(RuleBasedStateMachine):
    """Replays, crashed workers, lost responses, duplicates and redrives, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[PlannedAttempt] = []
        self.dead_letters: list[PlannedAttempt] = []
        self.unread = 0
        """The index of the first stream record that has not been processed."""
        self.accepted = set[str]()
        self.answer: int | Exception = 204
        clock, secret = FrozenClock(), new_secret()
        self.stored = SqliteDeliveryLog(empty_database(), clock)
        self.log: Any = Unsteady(self.stored)
        self.sqs: Any = Unsteady(self)
        subscriptions = SqliteSubscriptions(empty_database())
        standing = Webhook(url="https://crm.example.com", events=frozenset({"completed"}))
        subscriptions.put(Subscription(id="crm", tenant="acme", webhook=standing))
        self.plan = PlanDeliveries(
            subscriptions=subscriptions,
            log=self.log,
            queue=self,
            describe=JobEvents(kinds.kind).detail,
            clock=clock,
        )
        self.deliver = DeliverWebhook(
            log=self.log,
            queue=self.sqs,
            dead_letters=self.sqs,
            receivers=SqliteReceivers(empty_database(), clock),
            places=SqlitePlaces(empty_database(), clock, limit=1),
            secrets=Secrets(secret),
            sender=Receiver(self.receive),
            metrics=NoMetrics(),
            clock=clock,
        )
        self.redeliver = RedeliverWebhook(
            log=self.stored, queue=self, receivers=self.deliver.receivers
        )
        self.clock = clock

    def send(self, planned: Sequence[PlannedAttempt]) -> None:
        self.queue += planned

    def add(self, planned: PlannedAttempt) -> None:
        self.dead_letters.append(planned)

    def receive(self, webhook_id: str) -> int:
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer < 300:
            self.accepted.add(webhook_id)
        return self.answer

    # ── Rules ──

    @rule(first=st.integers(0, 2), count=st.integers(1, 3), outcomes=OUTCOMES)
    def read_stream(self, first: int, count: int, outcomes: list[str]) -> None:
        """Process a batch in order, possibly a replay."""
        first = min(first, self.unread)
        self.log.faults = outcomes
        try:
            self.plan(CHANGES[first : first + count])
            self.unread = max(self.unread, min(first + count, len(CHANGES)))
        except (UnavailableError, Killed):
            pass
        finally:
            self.log.faults = []

    @precondition(lambda self: self.queue)
    @rule(
        which=st.integers(0, 9),
        minutes=st.integers(0, 400),
        answer=st.sampled_from([204, 302, 410, 500, NotDeliveredError("timeout")]),
        outcomes=OUTCOMES,
        sent=OUTCOMES,
    )
    def work(
        self, which: int, *, minutes: int, answer: Any, outcomes: list[str], sent: list[str]
    ) -> None:
        """Process a message, which SQS keeps unless the worker ends well."""
        planned = self.queue.pop(which % len(self.queue))
        self.clock.advance(1000 + minutes * 60_000)
        self.answer, self.log.faults, self.sqs.faults = answer, outcomes, sent
        try:
            self.attempt(planned)
        except (UnavailableError, Killed):
            self.queue.append(planned)
        finally:
            self.log.faults, self.sqs.faults = [], []

    def attempt(self, planned: PlannedAttempt) -> None:
        try:
            self.deliver(planned)
        except UnavailableError:
            self.deliver.defer(planned)

    @precondition(lambda self: self.queue)
    @rule(which=st.integers(0, 9))
    def receive_twice(self, which: int) -> None:
        self.queue.append(self.queue[which % len(self.queue)])

    @rule()
    def redrive(self) -> None:
        self.queue += self.dead_letters
        self.dead_letters = []

    @precondition(lambda self: self.deliveries())
    @rule(which=st.integers(0, 9))
    def request_redelivery(self, which: int) -> None:
        stored = self.deliveries()
        self.redeliver("acme", stored[which % len(stored)].id)

    # ── Invariants ──

    def deliveries(self) -> Any:
        return self.stored.list_by_job("acme", JOB.id)

    @invariant()
    def delivered_webhook_was_accepted(self) -> None:
        for each in self.deliveries():
            if each.state is DeliveryState.DELIVERED:
                assert each.id in self.accepted
                assert any(attempt.succeeded for attempt in each.attempts)

    @invariant()
    def pending_delivery_has_message(self) -> None:
        waiting = {planned.ref.id for planned in self.queue}
        for each in self.deliveries():
            if each.sequence <= self.unread and each.state is DeliveryState.PENDING:
                assert each.id in waiting

    @invariant()
    def each_change_has_one_delivery_per_webhook(self) -> None:
        found = [(each.sequence, each.subscription) for each in self.deliveries()]
        assert len(found) == len(set(found))
        assert {*found} <= {(1, None), (2, None), (3, None), (3, "crm")}

    def teardown(self) -> None:
        """Process the rest: all webhooks are delivered, except to receivers that are gone."""
        self.plan(CHANGES[self.unread :])
        self.unread = len(CHANGES)
        self.redrive()
        declined = {e.id for e in self.deliveries() if e.attempts and e.attempts[-1].gone}
        while self.queue:
            self.work(0, minutes=400, answer=204, outcomes=[], sent=[])
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


class NoMetrics:
    def count_attempt(self, attempt: Attempt, state: DeliveryState) -> None:
        pass


TestWebhookLife = WebhookLife.TestCase
TestWebhookLife.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
