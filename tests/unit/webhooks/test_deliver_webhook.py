"""Attempts, retries and redelivery of a webhook."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from jobs.core.job import JobRef
from jobs.kit.errors import UnavailableError
from jobs.webhooks.adapters.sqlite import SqliteDeliveryLog, SqlitePlaces, SqliteReceivers
from jobs.webhooks.deliver_webhook import MAX_ATTEMPTS, DeliverWebhook, Outcome, retry_delay_s
from jobs.webhooks.errors import DeliveryExhaustedError, DeliveryNotFoundError, NotDeliveredError
from jobs.webhooks.redeliver_webhook import RedeliverWebhook
from jobs.webhooks.signature import new_secret, sign
from jobs.webhooks.webhook import (
    Attempt,
    DeliveryRef,
    DeliveryState,
    PlannedAttempt,
    WebhookDelivery,
)
from tests.databases import empty_database
from tests.payments import Killed
from tests.support import NOON

JOB = JobRef(tenant="acme", kind="messaging", id="019b7963-4a00-7000-8000-000000000001")
REF = DeliveryRef(tenant="acme", job_id=JOB.id, id="5f0c1a52-7d1e-5b0a-9d55-0c1f6f1d2a01")
DAY = 24 * 3600


class World:
    """A receiver that returns its answers in turn, and the ports of the use cases."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.answers: list[int | Exception] = [204]
        self.posted: list[tuple[str, dict[str, str], bytes]] = []
        self.queued: list[PlannedAttempt] = []
        self.dead: list[PlannedAttempt] = []
        self.secrets = {"acme": [new_secret()]}
        self.counted: list[DeliveryState] = []
        self.log = SqliteDeliveryLog(empty_database(), clock)
        self.receivers = SqliteReceivers(empty_database(), clock)
        self.places = SqlitePlaces(empty_database(), clock, limit=2)
        self.log.plan(
            WebhookDelivery(
                id=REF.id,
                ref=JOB,
                sequence=3,
                event="completed",
                url="https://hooks.example.com/in",
                body='{"type":"job.completed"}',
                planned_at=NOON,
            )
        )
        self.redeliver = RedeliverWebhook(log=self.log, queue=self, receivers=self.receivers)

    def live(self, tenant: str) -> list[str]:
        return self.secrets.get(tenant, [])

    def send(self, *args: Any) -> Any:
        """Accept a request as the sender, or references as the queue."""
        if len(args) == 1:
            self.queued += args[0]
            return None
        self.posted.append(args)
        self.clock.advance(40)
        answer = self.answers[min(len(self.posted), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def add(self, planned: PlannedAttempt) -> None:
        self.dead.append(planned)

    def count_attempt(self, attempt: Attempt, state: DeliveryState) -> None:
        self.counted.append(state)

    @property
    def use_case(self) -> DeliverWebhook:
        return DeliverWebhook(
            log=self.log,
            queue=self,
            dead_letters=self,
            receivers=self.receivers,
            places=self.places,
            secrets=self,
            sender=self,
            metrics=self,
            clock=self.clock,
        )

    def deliver(self, planned: PlannedAttempt | None = None) -> Outcome:
        """Make an attempt, by default the next one of the only delivery."""
        index = len(self.delivery.attempts)
        return self.use_case(planned or PlannedAttempt(ref=REF, number=index + 1, index=index))

    def follow(self, outcome: Outcome) -> Outcome:
        """Make the attempt that an outcome has queued, once it is due."""
        assert outcome.next is not None
        self.clock.now = max(self.clock.now, outcome.next.due)
        return self.deliver(outcome.next)

    @property
    def delivery(self) -> WebhookDelivery:
        return self.log.get(REF)


@pytest.fixture
def world(clock) -> World:
    return World(clock)


FIRST = PlannedAttempt(id="first", ref=REF)


def test_delivery_after_success_is_not_sent_again(world) -> None:
    outcome = world.deliver(FIRST)
    again = world.deliver(FIRST)

    assert outcome.next is None
    assert again.next is None
    assert len(world.posted) == 1
    assert world.delivery.state is DeliveryState.DELIVERED
    assert world.delivery.attempts == (Attempt(at=NOON, ms=40, status=204, message="first"),)


def test_each_attempt_is_signed_anew_with_all_live_secrets(world) -> None:
    world.secrets["acme"] = [new_secret(), new_secret()]
    world.answers = [500, 204]

    world.deliver()
    world.clock.advance(5000)
    world.deliver()

    for sent, seconds in zip(world.posted, (NOON // 1000, NOON // 1000 + 5), strict=True):
        url, headers, body = sent
        signature = sign(world.secrets["acme"], id=REF.id, timestamp_s=seconds, body=body.decode())
        assert url == "https://hooks.example.com/in"
        assert headers == {"Content-Type": "application/json", **signature}
        assert body == b'{"type":"job.completed"}'


@pytest.mark.parametrize(
    ("answer", "stored"),
    [
        (500, {"status": 500}),
        (302, {"status": 302}),
        (404, {"status": 404}),
        (NotDeliveredError("timeout"), {"error": "timeout"}),
        (NotDeliveredError("address_refused"), {"error": "address_refused"}),
    ],
)
def test_failed_attempt_is_stored_and_retried(world, answer, stored) -> None:
    world.answers = [answer, 200]

    first = world.deliver(FIRST)
    second = world.follow(first)

    assert first.next.due in range(NOON + 5000, NOON + 7000)
    assert (first.next.number, first.next.index) == (2, 1)
    assert second.next is None
    assert world.delivery.state is DeliveryState.DELIVERED
    assert world.delivery.attempts == (
        Attempt(at=NOON, ms=40, message="first", **stored),
        Attempt(at=first.next.due, ms=40, message=first.next.id, status=200),
    )


def test_delivery_without_secret_waits_for_secret(world) -> None:
    world.secrets.clear()
    unsigned = world.deliver(FIRST)
    world.secrets["acme"] = [new_secret()]

    world.follow(unsigned)

    assert unsigned.attempt == Attempt(at=NOON, ms=0, error="no_secret", message="first")
    assert len(world.posted) == 1
    assert world.delivery.state is DeliveryState.DELIVERED


def test_retry_delays_grow_over_one_day(world) -> None:
    delays = [retry_delay_s(n) for n in range(1, MAX_ATTEMPTS)]

    assert delays[0] in range(5, 7)
    assert all(later >= 2 * earlier for earlier, later in pairwise(delays[:8]))
    assert DAY <= sum(delays) <= 1.1 * DAY


def test_delivery_fails_after_13_attempts_in_a_day(world) -> None:
    world.answers = [500]
    outcome = world.deliver(FIRST)
    while outcome.next:
        outcome = world.follow(outcome)

    assert world.delivery.state is DeliveryState.FAILED
    assert len(world.delivery.attempts) == MAX_ATTEMPTS
    assert DAY * 1000 <= world.clock.now - NOON <= 1.1 * DAY * 1000
    assert [(each.ref, each.number, each.index) for each in world.dead] == [(REF, 1, 13)]


def test_redriven_dead_letter_is_attempted_for_another_day(world) -> None:
    world.answers = [500] * 3 + [204]
    world.deliver(replace(FIRST, number=MAX_ATTEMPTS))
    [dead] = world.dead

    again = world.deliver(dead)

    assert again.next.number == 2
    world.follow(world.follow(again))
    assert world.delivery.state is DeliveryState.DELIVERED


def test_receiver_gone_ends_retries(world) -> None:
    world.answers = [410]

    outcome = world.deliver(FIRST)

    assert outcome.next is None
    assert world.delivery.state is DeliveryState.FAILED
    assert world.dead == []


def test_each_attempt_is_counted_by_resulting_state(world) -> None:
    world.answers = [500, NotDeliveredError("timeout"), 204]
    world.deliver(FIRST)
    world.deliver(PlannedAttempt(ref=REF, number=MAX_ATTEMPTS, index=1))
    world.deliver()

    world.deliver(FIRST)  # a duplicate: no attempt

    assert world.counted == [
        DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.DELIVERED
    ]  # fmt: skip


# ── Not yet ─────────────────────────────────────────────────────────────────────


def test_attempt_before_its_time_is_queued_again(world) -> None:
    """SQS delays a message for 15 minutes at most."""
    later = replace(FIRST, due=NOON + 60_000)

    outcome = world.deliver(later)

    assert outcome.attempt is None
    assert world.queued == [later]
    assert world.posted == []


def test_internal_failure_defers_the_same_attempt_with_backoff(world) -> None:
    delays = []
    planned = FIRST
    for _ in range(12):
        planned = world.use_case.defer(planned).next
        delays.append(planned.due - NOON)

    assert delays[0] in range(2000, 3001)
    assert max(delays) <= 1350_000
    assert replace(planned, due=0, deferrals=0) == FIRST
    assert world.queued[-1] == planned


def test_old_message_counts_its_receives_as_attempts(world) -> None:
    """Earlier versions queued a reference, and SQS counted its receives."""
    world.answers = [500, 204]
    old = PlannedAttempt(ref=REF, number=12, index=None)

    outcome = world.deliver(old)
    world.follow(outcome)

    assert outcome.next.number == 13
    assert world.deliver(old).attempt is None
    assert world.delivery.state is DeliveryState.DELIVERED


def test_attempt_of_an_earlier_version_is_followed_by_the_next(world) -> None:
    """While a deployment is gradual, an earlier version may have made a message's attempt."""
    old = Attempt(at=NOON, ms=5, status=500)
    world.log.add_attempt(world.delivery, old, DeliveryState.PENDING)

    outcome = world.deliver(FIRST)

    assert (outcome.next.number, outcome.next.index) == (2, 1)
    assert world.posted == []


# ── Twice, or half ──────────────────────────────────────────────────────────────


def killed(*_: Any) -> None:
    raise Killed


def test_worker_killed_before_it_stores_attempt_sends_again(world, monkeypatch) -> None:
    with monkeypatch.context() as death:
        death.setattr(world.log, "add_attempt", killed)
        with pytest.raises(Killed):
            world.deliver(FIRST)

    world.deliver(FIRST)

    assert len({headers["webhook-id"] for _, headers, _ in world.posted}) == 1
    assert len(world.posted) == 2
    assert world.counted == [DeliveryState.DELIVERED]


def test_worker_killed_before_it_queues_retry_queues_it_next(world, monkeypatch) -> None:
    world.answers = [500, 204]
    with monkeypatch.context() as death:
        death.setattr(world, "send", lambda *args: 500 if len(args) > 1 else killed())
        with pytest.raises(Killed):
            world.deliver(FIRST)

    repeated = world.deliver(FIRST)

    assert world.posted == []  # by the second worker
    assert repeated.next.due in range(NOON + 5000, NOON + 7000)
    assert len(world.delivery.attempts) == 1
    world.follow(repeated)
    assert len(world.delivery.attempts) == 2


def test_worker_killed_before_its_message_is_deleted_retries_once(world) -> None:
    world.answers = [500, 500, 204]
    first = world.deliver(FIRST)

    again = world.deliver(FIRST)  # SQS returns the message

    copies = [world.follow(first), world.follow(again)]
    assert len(world.posted) == 2
    assert [each.next is None for each in copies] == [False, True]


def test_worker_killed_before_dead_letter_adds_it_next(world, monkeypatch) -> None:
    world.answers = [500]
    last = replace(FIRST, number=MAX_ATTEMPTS)
    with monkeypatch.context() as death:
        death.setattr(world, "add", killed)
        with pytest.raises(Killed):
            world.deliver(last)

    world.deliver(last)

    assert len(world.posted) == 1
    assert [each.index for each in world.dead] == [1]


def test_worker_killed_with_a_place_blocks_it_for_a_minute(world, monkeypatch) -> None:
    with monkeypatch.context() as death:
        death.setattr(world, "send", killed)
        death.setattr(world.places, "release", killed)
        for _ in range(2):
            with pytest.raises(Killed):
                world.deliver(FIRST)

    assert world.deliver(FIRST).attempt is None  # deferred
    world.clock.advance(60_000)
    assert world.deliver(FIRST).attempt is not None


def test_attempt_planned_twice_is_made_and_retried_once(world) -> None:
    world.answers = [500, 204]
    first = world.deliver(FIRST)

    second = world.deliver(replace(FIRST, id="second"))  # a replay of the stream

    assert second == Outcome()
    assert len(world.posted) == 1
    assert world.queued == [first.next]


def test_failed_attempt_overtaken_by_another_is_dropped(world, monkeypatch) -> None:
    world.answers = [500, 503]
    read = world.delivery
    first = world.deliver(FIRST)

    monkeypatch.setattr(world.log, "get", lambda ref: read)  # read before the first was stored
    second = world.deliver(replace(FIRST, id="second"))

    assert second == Outcome()
    assert [each.status for each in world.log.find("acme", REF.id).attempts] == [500]
    assert world.queued == [first.next]


def test_successful_attempt_overtaken_by_a_failed_one_delivers(world, monkeypatch) -> None:
    world.answers = [500, 204]
    read = world.delivery
    first = world.deliver(FIRST)

    with monkeypatch.context() as late:
        late.setattr(world.log, "get", lambda ref: read)
        world.deliver(replace(FIRST, id="second"))

    assert world.delivery.state is DeliveryState.DELIVERED
    assert world.follow(first) == Outcome()
    assert len(world.posted) == 2


def test_delivery_unknown_sends_nothing(world) -> None:
    unknown = DeliveryRef(tenant="rival", job_id=REF.job_id, id=REF.id)

    with pytest.raises(DeliveryNotFoundError):
        world.deliver(PlannedAttempt(ref=unknown))

    assert world.posted == []


def test_secrets_unavailable_is_not_an_attempt_and_takes_no_place(world, monkeypatch) -> None:
    def unavailable(tenant: str) -> Any:
        raise UnavailableError

    monkeypatch.setattr(world, "live", unavailable)

    for _ in range(3):
        with pytest.raises(UnavailableError):
            world.deliver()

    assert world.delivery.attempts == ()
    assert world.places.take("acme") is not None


def test_flow_control_unavailable_after_the_request_keeps_the_attempt(world, monkeypatch) -> None:
    def unavailable(*_: Any) -> Any:
        raise UnavailableError

    monkeypatch.setattr(world.places, "release", unavailable)

    world.deliver(FIRST)

    assert world.delivery.state is DeliveryState.DELIVERED


# ── Redelivery ──────────────────────────────────────────────────────────────────


def test_redelivery_sends_delivered_webhook_again(world) -> None:
    world.deliver()

    again = world.redeliver("acme", REF.id)
    [planned] = world.queued
    world.deliver(planned)

    assert again.state is DeliveryState.PENDING
    assert len(world.posted) == 2
    assert world.delivery.state is DeliveryState.DELIVERED


def test_redelivery_requested_twice_sends_once(world) -> None:
    world.deliver()

    for _ in range(2):
        world.redeliver("acme", REF.id)
    for planned in world.queued:
        world.deliver(planned)

    assert len(world.posted) == 2
    assert [each.status for each in world.delivery.attempts] == [204, 204]


def test_redelivery_ends_the_pause_of_its_receiver(world) -> None:
    world.receivers.pause(world.delivery.receiver, until=NOON + 60_000)

    world.redeliver("acme", REF.id)
    world.deliver(world.queued[-1])

    assert world.delivery.state is DeliveryState.DELIVERED


def test_redelivery_replaces_the_retry_that_waits(world) -> None:
    world.answers = [500, 204]
    waiting = world.deliver(FIRST)
    world.redeliver("acme", REF.id)

    world.deliver(world.queued[-1])

    assert world.follow(waiting) == Outcome()
    assert len(world.posted) == 2


def test_redelivery_after_queue_failure_can_be_requested_again(world, monkeypatch) -> None:
    def full(*_: Any) -> None:
        raise UnavailableError

    with monkeypatch.context() as busy:
        busy.setattr(world, "send", full)
        with pytest.raises(UnavailableError):
            world.redeliver("acme", REF.id)

    world.redeliver("acme", REF.id)

    assert [each.ref for each in world.queued] == [REF]


def test_redelivery_of_other_tenant_is_not_found(world) -> None:
    with pytest.raises(DeliveryNotFoundError):
        world.redeliver("rival", REF.id)

    assert world.queued == []


def test_redelivery_after_max_attempts_is_refused(world) -> None:
    for n in range(200):
        world.log.add_attempt(
            world.delivery, Attempt(at=NOON + n, ms=1, status=500), DeliveryState.FAILED
        )

    with pytest.raises(DeliveryExhaustedError):
        world.redeliver("acme", REF.id)
