"""A receiver that keeps failing is paused, and a tenant gets only its places."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.core.job import JobRef
from jobs.webhooks.flow import MAX_FAILURES, Health
from jobs.webhooks.webhook import DeliveryRef, DeliveryState, PlannedAttempt, WebhookDelivery
from tests.support import HOUR, NOON
from tests.unit.webhooks.simulation import Simulation

DEAD, SLOW, FAST = 60_000, 9_000, 50
MINUTE = 60_000


# ── Load ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fair", "deliveries", "within_ms"), [(True, 10_000, 10_000), (False, 2_000, 30_000)]
)
def test_dead_receiver_with_many_deliveries_delays_no_other_tenant(
    fair, deliveries, within_ms
) -> None:
    """SQS is fair. Also in a queue that is not, a paused receiver costs little time."""
    world = Simulation(response_ms={"dead": DEAD, "alive": FAST}, fair=fair)
    world.plan("dead", deliveries)
    world.plan("alive", 100)

    world.run(until=lambda: len(world.delivered.get("alive", [])) == 100)

    assert max(world.delivered["alive"]) < within_ms
    assert world.requests["dead"] <= MAX_FAILURES + world.places
    assert world.queue.max_in_flight <= world.workers


def test_dead_receiver_gets_few_requests_in_a_day_and_loses_no_delivery() -> None:
    world = Simulation(response_ms={"dead": DEAD}, fair=True, workers=2)
    world.plan("dead", 50)

    world.run(until=lambda: len(world.dead) == 50)

    assert 24 * HOUR <= world.time() - NOON < 27 * HOUR
    assert world.requests["dead"] < 150
    assert {each.ref.id for each in world.dead} == {f"dead-{n}" for n in range(50)}
    for n in range(50):
        delivery = world.log.find("dead", f"dead-{n}")
        assert len(delivery.attempts) == 13
        assert {each.error for each in delivery.attempts} <= {"timeout", "paused"}


@pytest.mark.parametrize(("fair", "within_ms"), [(True, 10_000), (False, MINUTE)])
def test_slow_receiver_leaves_places_to_other_tenants(fair, within_ms) -> None:
    world = Simulation(response_ms={"slow": SLOW, "alive": FAST}, fair=fair)
    world.plan("slow", 1_000)
    world.plan("alive", 100)

    world.run(until=lambda: len(world.delivered.get("alive", [])) == 100)

    assert max(world.delivered["alive"]) < within_ms
    assert len(world.delivered.get("slow", [])) <= 4 * world.places


# ── The circuit breaker ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("failing_ms", "pause_ms"),
    [(0, MINUTE), (5 * MINUTE, 5 * MINUTE), (24 * HOUR, 15 * MINUTE)],
)
def test_pause_is_as_long_as_the_failure_within_limits(failing_ms, pause_ms) -> None:
    health = Health(failures=MAX_FAILURES, failing_since=NOON - failing_ms)

    assert health.pause_from(NOON) == NOON + pause_ms


class World(Simulation):
    """One receiver, asked without workers."""

    def __init__(self) -> None:
        super().__init__(response_ms={"acme": FAST}, fair=True)
        self.answer: int = 500
        self.planned = 0

    def send(self, *args: Any) -> int:
        self.requests["acme"] += 1
        return self.answer

    def attempt(self, url: str = "https://acme.example.com/hooks") -> str | int | None:
        """Attempt a new delivery, and return its status or error."""
        self.planned += 1
        ref = DeliveryRef(tenant="acme", job_id=f"j{self.planned}", id=f"d{self.planned}")
        self.log.plan(
            WebhookDelivery(
                id=ref.id, ref=JobRef(tenant="acme", kind="messaging", id=ref.job_id), sequence=1,
                event="completed", url=url, body="{}", planned_at=NOON,
            )
        )  # fmt: skip
        attempt = self.deliver(PlannedAttempt(ref=ref)).attempt
        assert attempt is not None
        return attempt.status or attempt.error


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def paused(world) -> World:
    for _ in range(MAX_FAILURES):
        assert world.attempt() == 500
    return world


def test_paused_receiver_gets_no_request_and_the_log_says_so(paused) -> None:
    assert paused.attempt() == "paused"
    assert paused.attempt("https://acme.example.com/hooks?job=7") == "paused"

    assert paused.requests["acme"] == MAX_FAILURES
    delivery = paused.log.find("acme", f"d{paused.planned}")
    assert [(each.error, each.ms) for each in delivery.attempts] == [("paused", 0)]
    assert delivery.state is DeliveryState.PENDING


def test_pause_of_one_receiver_spares_another(paused) -> None:
    assert paused.attempt("https://acme.example.com/other") == 500


def test_receiver_after_its_pause_gets_one_request(paused, monkeypatch) -> None:
    paused.time.advance(MINUTE)
    others = []
    monkeypatch.setattr(paused, "send", lambda *_: others.append(paused.attempt()) or 500)

    assert paused.attempt() == 500

    assert others == ["paused"]
    assert paused.attempt() == "paused"


def test_receiver_that_recovers_gets_all_its_requests_again(paused) -> None:
    paused.time.advance(MINUTE)
    paused.answer = 204

    assert [paused.attempt() for _ in range(3)] == [204] * 3
    paused.answer = 500
    assert [paused.attempt() for _ in range(MAX_FAILURES)] == [500] * MAX_FAILURES


def test_success_between_failures_keeps_the_receiver_open(world) -> None:
    for _ in range(3):
        world.answer = 500
        for _ in range(MAX_FAILURES - 1):
            assert world.attempt() == 500
        world.answer = 204
        assert world.attempt() == 204


def test_missing_secret_pauses_no_receiver(world, monkeypatch) -> None:
    monkeypatch.setattr(world, "live", lambda tenant: [])

    assert {world.attempt() for _ in range(2 * MAX_FAILURES)} == {"no_secret"}


def test_worker_killed_while_probing_lets_another_probe(paused) -> None:
    paused.time.advance(MINUTE)
    receiver = paused.log.find("acme", "d1").receiver
    health = paused.deliver.receivers.health(receiver)
    assert paused.deliver.receivers.claim_probe(receiver, health, until=paused.time() + MINUTE)

    assert paused.attempt() == "paused"
    paused.time.advance(MINUTE)
    assert paused.attempt() == 500


# ── Places ──────────────────────────────────────────────────────────────────────


def test_attempt_without_a_free_place_is_deferred_and_not_counted(world) -> None:
    taken = [world.deliver.places.take("acme") for _ in range(world.places)]
    planned = PlannedAttempt(ref=DeliveryRef(tenant="acme", job_id="j", id="d"))
    world.log.plan(
        WebhookDelivery(
            id="d", ref=JobRef(tenant="acme", kind="messaging", id="j"), sequence=1,
            event="completed", url="https://acme.example.com/", body="{}", planned_at=NOON,
        )
    )  # fmt: skip

    outcome = world.deliver(planned)

    assert outcome.attempt is None
    assert replace(outcome.next, due=0, deferrals=0) == planned
    world.deliver.places.release(taken[0])
    assert world.deliver(planned).attempt.status == 500
