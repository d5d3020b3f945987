"""Changes of a payment's state."""

from contextlib import suppress

import pytest

from jobs.core.errors import JobError
from jobs.kit.errors import UnavailableError
from jobs.payments.payment import PaymentState
from jobs.payments.reservations import LEASE_MS
from tests.payments import Killed
from tests.support import NOON


@pytest.mark.parametrize(("fault", "state"), [
    ("", PaymentState.SETTLED),
    ("lost", PaymentState.UNKNOWN),
    ("refused insufficient_funds", PaymentState.REFUSED),
    ("unavailable", PaymentState.RELEASED),
])  # fmt: skip
def test_payment_after_settling_records_outcome_moment_and_end_of_lease(
    world, clock, fault, state
) -> None:
    world.ledger.meanwhile["settle"] = lambda: clock.advance(7)
    world.ledger.faults["settle"] = [fault]

    with suppress(JobError, UnavailableError):
        world.pay()

    [payment] = world.stored.all()
    assert (payment.state, payment.changed_at, payment.lease_until) == (state, NOON + 7, 0)


def test_payment_reserved_is_claimed_by_a_first_attempt(world) -> None:
    world.ledger.faults["settle"] = ["killed"]
    with suppress(Killed):
        world.pay()

    [payment] = world.stored.all()
    assert (payment.state, payment.attempt) == (PaymentState.CLAIMED, 1)
    assert (payment.created_at, payment.changed_at) == (NOON, NOON)
    assert payment.lease_until == NOON + LEASE_MS


def test_payment_taken_over_is_claimed_anew_by_a_second_attempt(world, clock) -> None:
    world.ledger.faults["settle"] = ["unknown", "killed"]
    with suppress(JobError):
        world.pay()
    clock.advance(7)

    with suppress(Killed):
        world.pay()

    [payment] = world.stored.all()
    assert (payment.state, payment.attempt) == (PaymentState.CLAIMED, 2)
    assert (payment.changed_at, payment.lease_until) == (NOON + 7, NOON + 7 + LEASE_MS)
