"""The payment rules (contract: payments.md): one payment, one job."""

from dataclasses import replace

import pytest

from jobs.core.errors import IdempotencyConflictError
from jobs.core.webhook import Webhook
from jobs.kit.errors import UnavailableError
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError, StalePaymentError
from jobs.payments.pay_for_job import Order
from jobs.payments.payment import NETWORKS, PaymentState
from jobs.payments.reservations import LEASE_MS
from tests.payments import (
    NONCE,
    PAYMENT_ID,
    PRICE,
    Killed,
    an_authorization,
    transaction_of,
)
from tests.support import HOUR, NOON, Broken
from tests.unit.payments.world import a_new_job

OTHER = an_authorization(nonce="0x" + "77" * 32)


# ── Verification ──────────────────────────────────────────────────────────────────


def test_pay_when_settled_stores_job_and_closes_record(world) -> None:
    paid = world.pay()

    [payment] = world.stored.all()
    assert world.jobs.get(paid.job.ref) == paid.job
    assert payment == paid.payment
    assert (payment.state, payment.transaction) == (PaymentState.SETTLED, transaction_of(NONCE))
    assert (payment.amount, payment.network, payment.job) == (PRICE, "base", {})


def test_pay_starts_job_timeout_at_settlement(world, clock) -> None:
    world.ledger.meanwhile["settle"] = lambda: clock.advance(17_000)

    job = world.pay().job

    assert (job.created_at, job.changed_at) == (NOON + 17_000, NOON + 17_000)
    assert job.deadline == NOON + 47_000


def test_reconciled_job_keeps_its_webhook_and_key(world, clock) -> None:
    webhook = Webhook(url="https://hooks.example.com/in", events=frozenset({"failed"}))
    world.ledger.faults["settle"] = ["killed after"]
    order = Order(
        new=replace(a_new_job(webhook=webhook), key_id="0123456789ab"),
        authorization=an_authorization(),
        requirements={},
    )
    with pytest.raises(Killed):
        world.pay_for_job(order)
    clock.advance(LEASE_MS)

    world.watch(an_authorization().payment_id)

    [job] = world.jobs.all()
    assert (job.webhook, job.key_id) == (webhook, "0123456789ab")
    [payment] = world.stored.all()
    assert payment.transaction == transaction_of(NONCE)


@pytest.mark.parametrize(("about", "code"), [
    ({"amount": PRICE - 1}, "invalid_exact_evm_payload_authorization_value"),
    ({"amount": PRICE + 1}, "invalid_exact_evm_payload_authorization_value"),
    ({"pay_to": "0x" + "99" * 20}, "invalid_exact_evm_payload_recipient_mismatch"),
    ({"valid_after": NOON // 1000 + 1}, "invalid_exact_evm_payload_authorization_valid_after"),
    ({"valid_before": NOON // 1000}, "payment_expired"),
    ({"valid_before": NOON // 1000 + 9}, "payment_expired"),
    ({"valid_before": NOON // 1000 + 3601}, "payment_valid_too_long"),
])  # fmt: skip
def test_pay_with_wrong_terms_is_refused_without_facilitator(world, about, code) -> None:
    with pytest.raises(PaymentRefusedError, match=code):
        world.pay(authorization=an_authorization(**about))

    assert world.ledger.calls == []
    assert world.stored.all() == []


def test_pay_with_recipient_in_any_case_is_accepted(world) -> None:
    address = an_authorization().pay_to

    assert world.pay(authorization=an_authorization(pay_to=address.lower()))


def test_pay_with_refused_verify_reserves_nothing(world) -> None:
    world.ledger.funds = 0

    with pytest.raises(PaymentRefusedError, match="insufficient_funds"):
        world.pay()
    assert world.stored.all() == []


@pytest.mark.parametrize(("fault", "error"), [
    ("unknown", SettlementUnknownError), ("unavailable", UnavailableError),
])  # fmt: skip
def test_pay_with_failed_verify_reserves_nothing(world, fault, error) -> None:
    world.ledger.faults["verify"] = [fault]

    with pytest.raises(error):
        world.pay()
    assert world.stored.all() == []


# ── One payment, one job ──────────────────────────────────────────────────────────


def test_pay_again_after_price_change_returns_first_job(world) -> None:
    first = world.pay()
    dearer = replace(world.pay_for_job, terms=replace(world.pay_for_job.terms, price=PRICE * 2))

    again = dearer(Order(new=a_new_job(), authorization=an_authorization(), requirements={}))

    assert again == first
    assert len(world.jobs.all()) == 1


def test_pay_with_used_payment_and_other_request_is_refused(world) -> None:
    world.pay("Hello")

    with pytest.raises(PaymentRefusedError, match="payment_already_used"):
        world.pay("Another")


def test_pay_with_used_payment_of_other_tenant_is_refused(world) -> None:
    world.pay()
    order = Order(new=a_new_job(tenant="rival"), authorization=an_authorization(), requirements={})

    with pytest.raises(PaymentRefusedError, match="payment_already_used"):
        world.pay_for_job(order)


def test_pay_with_same_nonce_on_other_chain_makes_new_job(world) -> None:
    world.pay()
    world.pay("Another", authorization=an_authorization(network=NETWORKS["polygon"]))

    assert len(world.jobs.all()) == 2


def test_pay_during_reservation_is_unknown(world) -> None:
    errors = []

    def meanwhile() -> None:
        for body in ("Hello", "Another"):
            with pytest.raises((SettlementUnknownError, PaymentRefusedError)) as error:
                world.pay(body)
            errors.append(error.value)

    world.ledger.meanwhile["settle"] = meanwhile

    world.pay()

    assert [type(each) for each in errors] == [SettlementUnknownError, PaymentRefusedError]
    assert errors[0].retry_after == 2
    assert len(world.jobs.all()) == 1


def test_pay_that_loses_reservation_is_unknown(world) -> None:
    world.payments.reserve = lambda *_, **__: False  # type: ignore[method-assign]

    with pytest.raises(SettlementUnknownError, match=rf"^{PAYMENT_ID}$") as unknown:
        world.pay()
    assert unknown.value.retry_after == 2
    assert world.ledger.calls == ["verify"]


def test_pay_by_a_first_attempt_does_not_read_its_job(world) -> None:
    world.repository.faults = ["", "unavailable"]  # add, get

    assert world.pay().job


def test_pay_that_loses_the_race_to_take_over_is_unknown(world, monkeypatch) -> None:
    world.ledger.faults["settle"] = ["unknown"]
    with pytest.raises(SettlementUnknownError):
        world.pay()
    world.ledger.calls.clear()
    monkeypatch.setattr(world.stored, "save", Broken(StalePaymentError()))

    with pytest.raises(SettlementUnknownError, match=rf"^{PAYMENT_ID}$") as unknown:
        world.pay()
    assert unknown.value.retry_after == 2
    assert world.ledger.calls == []


def test_pay_again_after_job_expired_is_refused(world, clock) -> None:
    world.pay()
    clock.advance(48 * HOUR)

    with pytest.raises(PaymentRefusedError, match=r"^payment_already_used$"):
        world.pay()


# ── Idempotency-Key ───────────────────────────────────────────────────────────────


def test_pay_with_known_key_does_not_charge_new_payment(world) -> None:
    first = world.pay(key="k")
    again = world.pay(key="k", authorization=OTHER)

    assert again == first
    assert OTHER.payment_id not in world.ledger.moved


def test_pay_with_known_key_and_other_request_conflicts(world) -> None:
    world.pay(key="k")

    with pytest.raises(IdempotencyConflictError):
        world.pay("Another", key="k", authorization=OTHER)
    assert OTHER.payment_id not in world.ledger.moved


@pytest.mark.parametrize("body", ["Hello", "Another"])
def test_pay_with_known_key_and_forged_signature_is_refused(world, body) -> None:
    world.pay(key="k")
    world.ledger.faults["verify"] = ["refused invalid_exact_evm_payload_signature"]

    with pytest.raises(PaymentRefusedError, match="payload_signature"):
        world.pay(body, key="k", authorization=OTHER)


def test_pay_with_forged_signature_reconciles_no_payment_of_key(world) -> None:
    world.ledger.faults["settle"] = ["lost"]
    with pytest.raises(SettlementUnknownError):
        world.pay(key="k")
    world.ledger.faults["verify"] = ["refused invalid_exact_evm_payload_signature"]

    with pytest.raises(PaymentRefusedError, match="payload_signature"):
        world.pay(key="k", authorization=OTHER)
    assert world.state is PaymentState.UNKNOWN


def test_pay_while_payment_of_key_is_open_charges_no_other(world) -> None:
    world.ledger.faults["settle"] = ["unknown"]
    with pytest.raises(SettlementUnknownError):
        world.pay(key="k")

    with pytest.raises(SettlementUnknownError):
        world.pay(key="k", authorization=OTHER)
    assert OTHER.payment_id not in world.ledger.moved


def test_pay_with_key_finds_earlier_settled_payment(world) -> None:
    world.ledger.faults["settle"] = ["lost"]
    with pytest.raises(SettlementUnknownError):
        world.pay(key="k")

    paid = world.pay(key="k", authorization=OTHER)

    assert paid.payment.id == an_authorization().payment_id
    assert OTHER.payment_id not in world.ledger.moved
    assert world.ledger.hurried == [10]


def test_pay_with_key_whose_payment_paid_for_another_job_is_charged(world) -> None:
    world.ledger.faults["settle"] = ["unavailable"]
    with pytest.raises(UnavailableError):
        world.pay(key="k")
    world.pay("Another")

    paid = world.pay(key="k", authorization=OTHER)

    assert paid.payment.id == OTHER.payment_id
    assert paid.job.request == {"content": "Hello"}


def test_pay_with_key_of_refused_payment_is_charged(world) -> None:
    world.ledger.faults["settle"] = ["refused insufficient_funds"]
    with pytest.raises(PaymentRefusedError):
        world.pay(key="k")

    paid = world.pay(key="k", authorization=OTHER)

    assert paid.payment.id == OTHER.payment_id
    assert world.pay(key="k").payment.id == OTHER.payment_id


def test_pay_with_key_of_refused_payment_that_was_used_returns_its_job(world) -> None:
    world.ledger.faults["settle"] = ["refused insufficient_funds"]
    with pytest.raises(PaymentRefusedError):
        world.pay(key="k")
    world.ledger.move(an_authorization())

    paid = world.pay(key="k")

    assert paid.payment.state is PaymentState.SETTLED
    assert world.pay(key="k", authorization=OTHER) == paid
    assert OTHER.payment_id not in world.ledger.moved


def test_pay_again_with_key_settles_unknown_payment(world) -> None:
    world.ledger.faults["settle"] = ["unknown"]
    with pytest.raises(SettlementUnknownError):
        world.pay(key="k")

    assert world.pay(key="k").payment.state is PaymentState.SETTLED


def test_pay_with_key_of_other_tenant_makes_new_job(world) -> None:
    world.pay(key="k")
    order = Order(
        new=a_new_job("Another", "k", tenant="rival"), authorization=OTHER, requirements={}
    )

    assert world.pay_for_job(order).job.tenant == "rival"
