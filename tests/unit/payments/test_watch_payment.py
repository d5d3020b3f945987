"""Watching an open payment, and when to watch it again."""

from contextlib import suppress

import pytest

from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import PaymentState
from jobs.payments.reservations import LEASE_MS
from jobs.payments.watch_payment import WatchResult
from tests.payments import PAYMENT_ID, Killed, an_authorization
from tests.support import HOUR, NOON


@pytest.fixture
def unknown(world) -> str:
    """The id of a payment whose settlement neither facilitator nor chain can tell."""
    world.ledger.faults = {
        each: ["unknown"] * 2 for each in ("settle", "time", "used", "settlement")
    }
    with suppress(SettlementUnknownError):
        world.pay()
    [payment] = world.stored.all()
    return payment.id


def test_watch_of_an_unknown_id_ends(world) -> None:
    assert world.watch("auth#1#2#3") == WatchResult(state=None)


def test_watch_of_a_settled_payment_ends(world) -> None:
    paid = world.pay()

    assert world.watch(paid.payment.id) == WatchResult(state=PaymentState.SETTLED)


def test_watch_of_a_leased_payment_waits_for_the_lease(world) -> None:
    world.repository.faults = ["killed"]
    with suppress(Killed):
        world.pay()
    [payment] = world.stored.all()

    result = world.watch(payment.id)

    assert result == WatchResult(state=PaymentState.CLAIMED, again=NOON + LEASE_MS)


@pytest.mark.parametrize(("age", "pause"), [
    (0, 30_000), (HOUR // 2, HOUR // 8), (5 * HOUR, HOUR // 4), (24 * HOUR, HOUR // 4),
])  # fmt: skip
def test_watch_of_an_unknown_payment_pauses_for_a_quarter_of_its_age(
    world, clock, unknown, age, pause
) -> None:
    clock.advance(age)

    result = world.watch(unknown)

    assert result == WatchResult(state=PaymentState.UNKNOWN, again=clock() + pause)


def test_watch_of_an_unknown_payment_after_a_day_ends(world, clock, unknown) -> None:
    clock.advance(24 * HOUR + 1)

    assert world.watch(unknown) == WatchResult(state=PaymentState.UNKNOWN)


def test_watch_of_an_abandoned_reservation_opens_it(world, clock) -> None:
    world.ledger.faults = {"settle": ["killed"]} | {
        each: ["unknown"] for each in ("time", "used", "settlement")
    }
    with suppress(Killed):
        world.pay()
    clock.advance(LEASE_MS)
    [payment] = world.stored.all()

    result = world.watch(payment.id)

    assert result == WatchResult(state=PaymentState.UNKNOWN, again=clock() + 30_000)
    assert world.state is PaymentState.UNKNOWN


def test_watch_of_a_cancelled_authorization_refuses_it(world, unknown) -> None:
    world.ledger.faults.clear()
    world.ledger.cancelled.add(unknown)

    assert world.watch(unknown) == WatchResult(state=PaymentState.REFUSED)
    [payment] = world.stored.all()
    assert (payment.state, payment.reason) == (PaymentState.REFUSED, "payment_not_received")


def test_watch_during_a_repeated_request_waits_for_its_lease(world, unknown) -> None:
    def repeated() -> None:
        with suppress(Killed):
            world.pay()

    world.ledger.faults = {"settle": ["killed"]}
    world.ledger.meanwhile["time"] = repeated

    result = world.watch(unknown)

    assert result == WatchResult(state=PaymentState.CLAIMED, again=NOON + LEASE_MS)


def test_watch_that_cannot_read_the_job_of_a_settled_payment_ends(world) -> None:
    world.ledger.faults["settle"] = ["unknown"] * 2
    for _ in range(2):
        with suppress(SettlementUnknownError):
            world.pay()
    world.ledger.move(an_authorization())
    world.repository.faults = ["", "unavailable"]  # add, get

    assert world.watch(PAYMENT_ID) == WatchResult(state=PaymentState.SETTLED)
