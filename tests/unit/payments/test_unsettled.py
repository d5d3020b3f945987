"""The payment rules for refused and unknown settlements (contract: payments.md)."""

import pytest

from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass, RefusedError, UnavailableError
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError
from jobs.payments.payment import NETWORKS, PaymentState
from jobs.payments.rules import MAX_VALIDITY_S
from tests.payments import (
    NONCE,
    PAYMENT_ID,
    PRICE,
    SOON,
    an_authorization,
    transaction_of,
)
from tests.support import NOON

# ── Refused and unknown settlements ─────────────────────────────────────


def test_settle_refused_stores_no_job(world) -> None:
    world.ledger.faults["settle"] = ["refused insufficient_funds"]

    with pytest.raises(PaymentRefusedError, match="insufficient_funds"):
        world.pay()
    assert world.jobs.all() == []
    [payment] = world.stored.all()
    assert (payment.state, payment.reason) == (PaymentState.REFUSED, "insufficient_funds")


def test_settle_refused_for_used_nonce_that_paid_us_is_settled(world) -> None:
    world.ledger.meanwhile["settle"] = lambda: world.ledger.move(an_authorization())

    payment = world.pay().payment

    assert (payment.state, payment.transaction) == (PaymentState.SETTLED, transaction_of(NONCE))


def test_settle_refused_for_nonce_that_paid_less_is_refused(world) -> None:
    def pay_less() -> None:
        world.ledger.move(an_authorization(), amount=1)

    world.ledger.meanwhile["settle"] = pay_less

    with pytest.raises(PaymentRefusedError, match=r"^payment_not_received$"):
        world.pay()
    assert world.jobs.all() == []
    assert [each.reason for each in world.stored.all()] == ["payment_not_received"]


@pytest.mark.parametrize("blind", ["time", "used", "settlement"])
def test_settle_refused_with_unreadable_chain_is_unknown(world, blind) -> None:
    world.ledger.meanwhile["settle"] = lambda: world.ledger.move(an_authorization())
    world.ledger.faults[blind] = ["unknown"]

    with pytest.raises(SettlementUnknownError, match=rf"^{PAYMENT_ID}$") as unknown:
        world.pay()
    assert unknown.value.retry_after == 5
    assert world.state is PaymentState.UNKNOWN

    world.pay()
    assert len(world.jobs.all()) == 1


@pytest.mark.parametrize("fault", ["lost", "unknown"])
def test_settle_unknown_then_repeated_charges_once(world, fault) -> None:
    funds = world.ledger.funds
    world.ledger.faults["settle"] = [fault]
    with pytest.raises(SettlementUnknownError):
        world.pay()

    assert world.jobs.all() == []
    world.pay()

    assert world.state is PaymentState.SETTLED
    assert world.ledger.funds == funds - PRICE
    assert len(world.jobs.all()) == 1


def test_settle_unknown_then_other_request_is_refused(world) -> None:
    world.ledger.faults["settle"] = ["lost"]
    with pytest.raises(SettlementUnknownError):
        world.pay()

    with pytest.raises(PaymentRefusedError, match="payment_already_used"):
        world.pay("Another")


def test_settle_refused_on_second_attempt_is_unknown(world, clock) -> None:
    world.ledger.faults["settle"] = ["unknown", "refused insufficient_funds"]
    with pytest.raises(SettlementUnknownError):
        world.pay()
    with pytest.raises(SettlementUnknownError, match=rf"^{PAYMENT_ID}$"):
        world.pay()
    assert world.state is PaymentState.UNKNOWN

    world.ledger.move(an_authorization())  # mined after all

    assert world.pay().payment.state is PaymentState.SETTLED


def test_settle_never_mined_is_released_after_expiry(world, clock) -> None:
    world.ledger.faults["settle"] = ["unknown"]
    with pytest.raises(SettlementUnknownError):
        world.pay()
    clock.now = (SOON + 60) * 1000
    with pytest.raises(SettlementUnknownError):  # it may be mined in a block not seen yet
        world.pay()
    clock.now = (SOON + 61) * 1000

    with pytest.raises(PaymentRefusedError, match=r"^payment_expired$"):
        world.pay()
    assert world.state is PaymentState.RELEASED


@pytest.mark.parametrize(("left", "settled"), [(10, True), (9, False)])
def test_settle_unknown_is_repeated_until_10_seconds_before_expiry(
    world, clock, left, settled
) -> None:
    world.ledger.faults["settle"] = ["unknown"]
    with pytest.raises(SettlementUnknownError):
        world.pay()
    clock.now = (SOON - left) * 1000

    if settled:
        assert world.pay().payment.state is PaymentState.SETTLED
    else:
        with pytest.raises(SettlementUnknownError, match=rf"^{PAYMENT_ID}$"):
            world.pay()
        assert world.ledger.moved == {}


def test_settle_unknown_with_stored_job_returns_it_as_it_is_now(world, clock) -> None:
    world.repository.faults = ["lost"]
    with pytest.raises(SettlementUnknownError):
        world.pay()
    [stored] = world.jobs.all()
    world.jobs.save(stored.enqueue(now=clock()), replacing=stored)

    assert world.pay().job.status is JobStatus.QUEUED


@pytest.mark.parametrize(("fault", "error", "key"), [
    ("unavailable", UnavailableError, None), ("unavailable", UnavailableError, "k"),
    ("no secret", RefusedError, None),
])  # fmt: skip
def test_settle_that_sent_nothing_is_released(world, fault, error, key) -> None:
    world.ledger.faults["settle"] = [fault]

    with pytest.raises(error):
        world.pay(key=key)
    assert world.state is PaymentState.RELEASED

    assert world.pay(key=key).payment.attempt == 2


def test_released_payment_pays_for_another_request(world) -> None:
    world.ledger.faults["settle"] = ["unavailable"]
    with pytest.raises(UnavailableError):
        world.pay()

    assert world.pay("Another").job


@pytest.mark.parametrize("key", [None, "k"])
def test_settle_refused_but_mined_is_found_by_repeated_request(world, key) -> None:
    world.ledger.faults["settle"] = ["refused insufficient_funds"]
    with pytest.raises(PaymentRefusedError):
        world.pay(key=key)
    world.ledger.move(an_authorization())

    with pytest.raises(PaymentRefusedError, match="payment_already_used"):
        world.pay("Another")
    assert world.pay(key=key).payment.state is PaymentState.SETTLED


def test_pay_while_same_request_settles_unknown_returns_its_job(world) -> None:
    def meanwhile() -> None:
        world.ledger.faults["settle"] = ["lost"]
        with pytest.raises(SettlementUnknownError):
            world.pay()

    world.ledger.meanwhile["verify"] = meanwhile

    assert world.pay().payment.state is PaymentState.SETTLED
    assert len(world.jobs.all()) == 1


def test_pay_with_authorization_used_elsewhere_is_refused(world) -> None:
    world.ledger.move(an_authorization())

    with pytest.raises(PaymentRefusedError, match="payment_already_used"):
        world.pay()
    assert world.jobs.all() == []


def test_pay_with_same_nonce_and_other_expiry_is_refused(world) -> None:
    world.ledger.faults["settle"] = ["unknown"]
    with pytest.raises(SettlementUnknownError):
        world.pay()

    with pytest.raises(PaymentRefusedError, match="payment_already_used"):
        world.pay(authorization=an_authorization(valid_before=SOON + 600))


@pytest.mark.parametrize("about", [
    {"network": NETWORKS["polygon"]}, {"payer": "0x" + "77" * 20}, {"nonce": "0x" + "77" * 32},
])  # fmt: skip
def test_settle_unknown_ignores_use_of_another_authorization(world, about) -> None:
    world.ledger.faults["settle"] = ["unknown"]
    with pytest.raises(SettlementUnknownError):
        world.pay()
    world.ledger.move(an_authorization(**about))

    assert world.watch(PAYMENT_ID).state is PaymentState.UNKNOWN


def test_settle_unknown_is_found_in_block_older_than_validity(world) -> None:
    longest = an_authorization(valid_before=NOON // 1000 + MAX_VALIDITY_S)
    world.ledger.behind[longest.network.name] = 60
    world.ledger.faults["settle"] = ["lost"]

    with pytest.raises(SettlementUnknownError):
        world.pay(authorization=longest)

    assert world.pay(authorization=longest).payment.state is PaymentState.SETTLED


def test_settle_unknown_is_not_released_while_chain_is_behind(world, clock) -> None:
    world.ledger.behind = {"base": 1}
    world.ledger.faults["settle"] = ["unknown"]
    with pytest.raises(SettlementUnknownError):
        world.pay()
    clock.now = (SOON + 61) * 1000

    assert world.watch(PAYMENT_ID).state is PaymentState.UNKNOWN


def test_unknown_settlement_has_the_class_of_its_cause() -> None:
    cause = SettlementUnknownError("no answer", failure_class=FailureClass.CREDENTIALS)

    with pytest.raises(SettlementUnknownError) as unknown:
        raise SettlementUnknownError(PAYMENT_ID) from cause

    assert unknown.value.failure_class == FailureClass.CREDENTIALS
