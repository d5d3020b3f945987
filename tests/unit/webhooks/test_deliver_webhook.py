"""One webhook, from its first attempt to its last."""

from itertools import pairwise
from typing import Any

import pytest

from jobs.core.job import JobRef
from jobs.kit.errors import UnavailableError
from jobs.webhooks.deliver_webhook import ATTEMPTS, DeliverWebhook, Outcome, pause
from jobs.webhooks.errors import DeliveryExhaustedError, DeliveryNotFoundError, NotDeliveredError
from jobs.webhooks.redeliver_webhook import RedeliverWebhook
from jobs.webhooks.signature import new_secret, signed
from jobs.webhooks.webhook import Attempt, DeliveryRef, DeliveryState, WebhookDelivery
from tests.fakes.memory_webhooks import InMemoryDeliveryLog
from tests.support import NOON

JOB = JobRef(tenant="acme", kind="messaging", id="019b7963-4a00-7000-8000-000000000001")
REF = DeliveryRef(tenant="acme", job_id=JOB.id, id="5f0c1a52-7d1e-5b0a-9d55-0c1f6f1d2a01")
DAY = 24 * 3600


class World:
    """A receiver that gives its answers in turn, and all that it takes to send it something."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.answers: list[int | Exception] = [204]
        self.posted: list[tuple[str, dict[str, str], bytes]] = []
        self.queued: list[DeliveryRef] = []
        self.secrets = {"acme": [new_secret()]}
        self.measured: list[DeliveryState] = []
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

    def send(self, *about: Any) -> Any:
        """Take a request, or a message for the queue."""
        if len(about) == 1:
            self.queued += about[0]
            return None
        self.posted.append(about)
        self.clock.advance(40)
        answer = self.answers[min(len(self.posted), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def attempted(self, state: DeliveryState) -> None:
        self.measured.append(state)

    def deliver(self, received: int = 1, ref: DeliveryRef = REF) -> Outcome:
        use_case = DeliverWebhook(
            log=self.log, secrets=self, sender=self, metrics=self, clock=self.clock
        )
        return use_case(ref, received=received)

    @property
    def told(self) -> WebhookDelivery:
        return self.log.get(REF)


@pytest.fixture
def world(clock) -> World:
    return World(clock)


def test_what_is_taken_is_delivered_and_not_sent_again(world) -> None:
    outcome = world.deliver()
    again = world.deliver()

    assert outcome.again_in is None
    assert again == Outcome()
    assert len(world.posted) == 1
    assert world.told.state is DeliveryState.DELIVERED
    assert world.told.attempts == (Attempt(at=NOON, ms=40, status=204),)


def test_it_is_signed_anew_at_each_attempt_with_all_live_secrets(world) -> None:
    world.secrets["acme"] = [new_secret(), new_secret()]
    world.answers = [500, 204]

    world.deliver(1)
    world.clock.advance(5000)
    world.deliver(2)

    for sent, seconds in zip(world.posted, (NOON // 1000, NOON // 1000 + 5), strict=True):
        url, headers, body = sent
        proof = signed(world.secrets["acme"], id=REF.id, seconds=seconds, body=body.decode())
        assert url == "https://hooks.example.com/in"
        assert headers == {"Content-Type": "application/json", **proof}
        assert body == b'{"type":"job.completed"}'


@pytest.mark.parametrize(
    ("answer", "noted"),
    [
        (500, {"status": 500}),
        (302, {"status": 302}),
        (404, {"status": 404}),
        (NotDeliveredError("timeout"), {"error": "timeout"}),
        (NotDeliveredError("address_refused"), {"error": "address_refused"}),
    ],
)
def test_what_is_not_taken_comes_again_later_and_is_noted(world, answer, noted) -> None:
    world.answers = [answer, 200]

    first = world.deliver(1)
    second = world.deliver(2)

    assert first.again_in in range(5, 7)
    assert second.again_in is None
    assert world.told.state is DeliveryState.DELIVERED
    assert world.told.attempts == (
        Attempt(at=NOON, ms=40, **noted),
        Attempt(at=NOON + 40, ms=40, status=200),
    )


def test_a_tenant_without_a_secret_has_nothing_sent_until_it_has_one(world) -> None:
    world.secrets.clear()
    unsigned = world.deliver(1)
    world.secrets["acme"] = [new_secret()]

    world.deliver(2)

    assert unsigned.attempt == Attempt(at=NOON, ms=0, error="no_secret")
    assert unsigned.again_in is not None
    assert len(world.posted) == 1
    assert world.told.state is DeliveryState.DELIVERED


def test_attempts_are_ever_farther_apart_for_a_day(world) -> None:
    pauses = [pause(n) for n in range(1, ATTEMPTS)]

    assert pauses[0] in range(5, 7)
    assert all(later >= 2 * earlier for earlier, later in pairwise(pauses[:8]))
    assert DAY <= sum(pauses) <= 1.1 * DAY
    assert max(pauses) < 12 * 3600  # as long as a queue can hold a message back


def test_after_a_day_it_has_failed_and_its_message_is_left_to_the_dead_letters(world) -> None:
    world.answers = [500]
    outcomes = [world.deliver(n) for n in range(1, ATTEMPTS + 1)]

    assert world.told.state is DeliveryState.FAILED
    assert len(world.told.attempts) == ATTEMPTS
    assert outcomes[-1].again_in == 0


def test_a_dead_letter_that_comes_back_is_tried_again(world) -> None:
    world.answers = [500, 204]
    world.deliver(ATTEMPTS)

    world.deliver(1)

    assert world.told.state is DeliveryState.DELIVERED


def test_a_receiver_that_is_gone_is_left_alone(world) -> None:
    world.answers = [410]

    outcome = world.deliver(1)

    assert outcome.again_in is None
    assert world.told.state is DeliveryState.FAILED


def test_a_failed_attempt_does_not_undo_what_another_has_delivered(world) -> None:
    seen = world.told
    world.deliver()

    world.log.note(seen, Attempt(at=NOON, ms=1, status=500), DeliveryState.PENDING)

    assert world.told.state is DeliveryState.DELIVERED
    assert len(world.told.attempts) == 1


def test_each_attempt_is_measured_by_what_came_of_it(world) -> None:
    world.answers = [500, NotDeliveredError("timeout"), 204]
    for received in (1, ATTEMPTS, 1):
        world.deliver(received)

    world.deliver()  # it is delivered: there is no attempt

    assert world.measured == [
        DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.DELIVERED
    ]  # fmt: skip


def test_a_worker_whose_note_is_lost_has_it_sent_once_more(world, monkeypatch) -> None:
    def lost(*_: Any) -> None:
        raise UnavailableError

    with monkeypatch.context() as throttled:
        throttled.setattr(world.log, "note", lost)
        with pytest.raises(UnavailableError):
            world.deliver()

    world.deliver(2)

    assert len({headers["webhook-id"] for _, headers, _ in world.posted}) == 1
    assert len(world.posted) == 2
    assert world.measured == [DeliveryState.DELIVERED]


def test_where_the_log_is_gone_nothing_is_sent(world) -> None:
    unknown = DeliveryRef(tenant="rival", job_id=REF.job_id, id=REF.id)

    with pytest.raises(DeliveryNotFoundError):
        world.deliver(ref=unknown)

    assert world.posted == []


def test_what_may_pass_on_our_side_is_no_attempt(world, monkeypatch) -> None:
    def unavailable(tenant: str) -> Any:
        raise UnavailableError

    monkeypatch.setattr(world, "live", unavailable)

    with pytest.raises(UnavailableError):
        world.deliver()

    assert world.told.attempts == ()


def test_whoever_wants_it_once_more_gets_it_once_more(world) -> None:
    world.deliver()

    again = world.redeliver("acme", REF.id)
    world.deliver()

    assert again.state is DeliveryState.PENDING
    assert world.queued == [REF]
    assert len(world.posted) == 2
    assert world.told.state is DeliveryState.DELIVERED


def test_who_asks_twice_at_once_gets_it_once_more(world) -> None:
    world.deliver()

    for _ in range(2):
        world.redeliver("acme", REF.id)
    for _ in world.queued:
        world.deliver()

    assert len(world.posted) == 2
    assert [each.status for each in world.told.attempts] == [204, 204]


def test_a_queue_that_takes_nothing_leaves_it_to_be_asked_for_again(world, monkeypatch) -> None:
    def full(*_: Any) -> None:
        raise UnavailableError

    with monkeypatch.context() as busy:
        busy.setattr(world, "send", full)
        with pytest.raises(UnavailableError):
            world.redeliver("acme", REF.id)

    world.redeliver("acme", REF.id)

    assert world.queued == [REF]


def test_another_tenants_delivery_is_unknown(world) -> None:
    with pytest.raises(DeliveryNotFoundError):
        world.redeliver("rival", REF.id)

    assert world.queued == []


def test_nobody_can_have_it_sent_without_end(world) -> None:
    for n in range(200):
        world.log.note(world.told, Attempt(at=NOON + n, ms=1, status=500), DeliveryState.FAILED)

    with pytest.raises(DeliveryExhaustedError):
        world.redeliver("acme", REF.id)
