"""Requests that are killed, cannot write, or run out of time (contract: payments.md)."""

import pytest

from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError, StalePaymentError
from jobs.payments.payment import PaymentState
from jobs.payments.reservations import LEASE_MS
from tests.payments import (
    PAYMENT_ID,
    PRICE,
    Killed,
)
from tests.support import Broken

# ── Killed ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("fault", ["killed", "killed after"])
@pytest.mark.parametrize("where", ["payments", "repository", "verify", "settle"])
def test_settle_killed_at_any_step_charges_once(world, clock, where, fault, step) -> None:
    funds = world.ledger.funds
    if where in {"payments", "repository"}:
        getattr(world, where).faults = [""] * step + [fault]
    else:
        world.ledger.faults[where] = [""] * step + [fault]
    try:
        world.pay()
    except Killed:
        clock.advance(LEASE_MS)
        world.payments.faults, world.repository.faults, world.ledger.faults = [], [], {}
        world.pay()

    assert len(world.jobs.all()) == 1
    assert world.ledger.funds == funds - PRICE
    assert world.state is PaymentState.SETTLED


def test_pay_with_leased_reservation_waits_for_lease_end(world, clock) -> None:
    world.ledger.faults["settle"] = ["killed after"]
    with pytest.raises(Killed):
        world.pay()
    clock.advance(LEASE_MS - 1)

    with pytest.raises(SettlementUnknownError, match=rf"^{PAYMENT_ID}$"):
        world.pay()
    assert world.jobs.all() == []


@pytest.mark.parametrize("fault", ["unavailable", "refused for good", "lost"])
def test_settle_with_unstored_job_is_unknown_then_stored(world, fault) -> None:
    world.repository.faults = [fault]

    with pytest.raises(SettlementUnknownError, match=rf"^{PAYMENT_ID}$"):
        world.pay()
    world.pay()

    assert len(world.jobs.all()) == 1


@pytest.mark.parametrize("fault", ["unavailable", "lost"])
def test_settle_with_unclosed_record_returns_job(world, clock, fault) -> None:
    world.payments.faults = ["", "", fault]  # find, claim, save

    first = world.pay()
    clock.advance(LEASE_MS)

    assert world.pay().job.id == first.job.id
    assert world.state is PaymentState.SETTLED


@pytest.mark.parametrize("fault", ["unavailable", "refused for good"])
def test_settled_payment_with_unreadable_job_is_unknown(world, fault) -> None:
    job = world.pay().job
    world.repository.faults = [fault]

    with pytest.raises(SettlementUnknownError, match=rf"^{PAYMENT_ID}$"):
        world.pay()
    assert world.pay().job == job


def test_settle_with_record_changed_meanwhile_returns_job(world, monkeypatch) -> None:
    monkeypatch.setattr(world.stored, "save", Broken(StalePaymentError()))

    paid = world.pay()

    assert world.jobs.all() == [paid.job]


# ── Time ──────────────────────────────────────────────────────────────────────────


def test_pay_with_slow_parts_ends_before_lambda_timeout(world, clock) -> None:
    world.ledger.meanwhile |= {
        "verify": lambda: clock.advance(6_000),
        "settle": lambda: clock.advance(18_000),
    }
    world.ledger.faults["settle"] = ["refused insufficient_funds"]

    with pytest.raises(PaymentRefusedError):
        world.pay()

    assert sum(world.ledger.hurried) + 24 <= 27


def test_settle_refused_without_time_for_chain_is_unknown(world, clock) -> None:
    world.ledger.meanwhile |= {
        "verify": lambda: clock.advance(8_000),
        "settle": lambda: clock.advance(18_000),
    }
    world.ledger.faults["settle"] = ["refused insufficient_funds"]

    with pytest.raises(SettlementUnknownError):
        world.pay()
    assert world.state is PaymentState.UNKNOWN


@pytest.mark.parametrize(("verified_after", "timeout"), [(7_000, 18), (10_500, 14.5), (24_000, 1)])
def test_settle_has_the_time_that_is_left_of_25_seconds(
    world, clock, verified_after, timeout
) -> None:
    world.ledger.meanwhile["verify"] = lambda: clock.advance(verified_after)

    world.pay()

    assert world.ledger.timeouts == [timeout]


def test_pay_without_time_to_settle_sends_nothing(world, clock) -> None:
    world.ledger.meanwhile["verify"] = lambda: clock.advance(24_001)

    with pytest.raises(SettlementUnknownError, match=r"^no time left$"):
        world.pay()
    assert "settle" not in world.ledger.calls


def test_verify_refused_without_time_for_chain_is_unknown(world, clock) -> None:
    world.ledger.faults = {"settle": ["refused no"], "verify": ["", "refused no"]}
    with pytest.raises(PaymentRefusedError):
        world.pay()
    world.ledger.meanwhile["verify"] = lambda: clock.advance(25_000)

    with pytest.raises(SettlementUnknownError, match=r"^no time left$"):
        world.pay()
