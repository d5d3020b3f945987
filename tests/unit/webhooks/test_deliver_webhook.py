"""Attempts, retries and redelivery of a webhook."""

from itertools import pairwise
from typing import Any

import pytest

from jobs.core.job import JobRef
from jobs.kit.errors import UnavailableError
from jobs.webhooks.deliver_webhook import MAX_ATTEMPTS, DeliverWebhook, Outcome, retry_delay_s
from jobs.webhooks.errors import DeliveryExhaustedError, DeliveryNotFoundError, NotDeliveredError
from jobs.webhooks.redeliver_webhook import RedeliverWebhook
from jobs.webhooks.signature import new_secret, sign
from jobs.webhooks.webhook import Attempt, DeliveryRef, DeliveryState, WebhookDelivery
from tests.fakes.memory_webhooks import InMemoryDeliveryLog
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
        self.queued: list[DeliveryRef] = []
        self.secrets = {"acme": [new_secret()]}
        self.counted: list[DeliveryState] = []
        self.log = InMemoryDeliveryLog()
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
        self.redeliver = RedeliverWebhook(log=self.log, queue=self)

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

    def count_attempt(self, state: DeliveryState) -> None:
        self.counted.append(state)

    def deliver(self, receive_count: int = 1, ref: DeliveryRef = REF) -> Outcome:
        use_case = DeliverWebhook(
            log=self.log, secrets=self, sender=self, metrics=self, clock=self.clock
        )
        return use_case(ref, receive_count=receive_count)

    @property
    def delivery(self) -> WebhookDelivery:
        return self.log.get(REF)


@pytest.fixture
def world(clock) -> World:
    return World(clock)


def test_delivery_after_success_is_not_sent_again(world) -> None:
    outcome = world.deliver()
    again = world.deliver()

    assert outcome.retry_in_s is None
    assert again == Outcome()
    assert len(world.posted) == 1
    assert world.delivery.state is DeliveryState.DELIVERED
    assert world.delivery.attempts == (Attempt(at=NOON, ms=40, status=204),)


def test_each_attempt_is_signed_anew_with_all_live_secrets(world) -> None:
    world.secrets["acme"] = [new_secret(), new_secret()]
    world.answers = [500, 204]

    world.deliver(1)
    world.clock.advance(5000)
    world.deliver(2)

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

    first = world.deliver(1)
    second = world.deliver(2)

    assert first.retry_in_s in range(5, 7)
    assert second.retry_in_s is None
    assert world.delivery.state is DeliveryState.DELIVERED
    assert world.delivery.attempts == (
        Attempt(at=NOON, ms=40, **stored),
        Attempt(at=NOON + 40, ms=40, status=200),
    )


def test_delivery_without_secret_waits_for_secret(world) -> None:
    world.secrets.clear()
    unsigned = world.deliver(1)
    world.secrets["acme"] = [new_secret()]

    world.deliver(2)

    assert unsigned.attempt == Attempt(at=NOON, ms=0, error="no_secret")
    assert unsigned.retry_in_s is not None
    assert len(world.posted) == 1
    assert world.delivery.state is DeliveryState.DELIVERED


def test_retry_delays_grow_over_one_day(world) -> None:
    delays = [retry_delay_s(n) for n in range(1, MAX_ATTEMPTS)]

    assert delays[0] in range(5, 7)
    assert all(later >= 2 * earlier for earlier, later in pairwise(delays[:8]))
    assert DAY <= sum(delays) <= 1.1 * DAY
    assert max(delays) < 12 * 3600  # the maximum visibility timeout of SQS


def test_delivery_after_last_attempt_fails_and_becomes_dead_letter(world) -> None:
    world.answers = [500]
    outcomes = [world.deliver(n) for n in range(1, MAX_ATTEMPTS + 1)]

    assert world.delivery.state is DeliveryState.FAILED
    assert len(world.delivery.attempts) == MAX_ATTEMPTS
    assert outcomes[-1].retry_in_s == 0


def test_redriven_dead_letter_is_retried(world) -> None:
    world.answers = [500, 204]
    world.deliver(MAX_ATTEMPTS)

    world.deliver(1)

    assert world.delivery.state is DeliveryState.DELIVERED


def test_receiver_gone_ends_retries(world) -> None:
    world.answers = [410]

    outcome = world.deliver(1)

    assert outcome.retry_in_s is None
    assert world.delivery.state is DeliveryState.FAILED


def test_each_attempt_is_counted_by_resulting_state(world) -> None:
    world.answers = [500, NotDeliveredError("timeout"), 204]
    for receive_count in (1, MAX_ATTEMPTS, 1):
        world.deliver(receive_count)

    world.deliver()  # already delivered: no attempt

    assert world.counted == [
        DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.DELIVERED
    ]  # fmt: skip


def test_delivery_after_lost_write_is_sent_again_with_same_id(world, monkeypatch) -> None:
    def lost(*_: Any) -> None:
        raise UnavailableError

    with monkeypatch.context() as throttled:
        throttled.setattr(world.log, "add_attempt", lost)
        with pytest.raises(UnavailableError):
            world.deliver()

    world.deliver(2)

    assert len({headers["webhook-id"] for _, headers, _ in world.posted}) == 1
    assert len(world.posted) == 2
    assert world.counted == [DeliveryState.DELIVERED]


def test_delivery_unknown_sends_nothing(world) -> None:
    unknown = DeliveryRef(tenant="rival", job_id=REF.job_id, id=REF.id)

    with pytest.raises(DeliveryNotFoundError):
        world.deliver(ref=unknown)

    assert world.posted == []


def test_secrets_unavailable_is_not_an_attempt(world, monkeypatch) -> None:
    def unavailable(tenant: str) -> Any:
        raise UnavailableError

    monkeypatch.setattr(world, "live", unavailable)

    with pytest.raises(UnavailableError):
        world.deliver()

    assert world.delivery.attempts == ()


def test_redelivery_sends_delivered_webhook_again(world) -> None:
    world.deliver()

    again = world.redeliver("acme", REF.id)
    world.deliver()

    assert again.state is DeliveryState.PENDING
    assert world.queued == [REF]
    assert len(world.posted) == 2
    assert world.delivery.state is DeliveryState.DELIVERED


def test_redelivery_requested_twice_sends_once(world) -> None:
    world.deliver()

    for _ in range(2):
        world.redeliver("acme", REF.id)
    for _ in world.queued:
        world.deliver()

    assert len(world.posted) == 2
    assert [each.status for each in world.delivery.attempts] == [204, 204]


def test_redelivery_after_queue_failure_can_be_requested_again(world, monkeypatch) -> None:
    def full(*_: Any) -> None:
        raise UnavailableError

    with monkeypatch.context() as busy:
        busy.setattr(world, "send", full)
        with pytest.raises(UnavailableError):
            world.redeliver("acme", REF.id)

    world.redeliver("acme", REF.id)

    assert world.queued == [REF]


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
