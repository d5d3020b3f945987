"""Payments by transaction hash."""

from contextlib import suppress
from dataclasses import replace

import pytest

from jobs.core.errors import JobError
from jobs.kit.errors import UnavailableError
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError
from jobs.payments.pay_by_transaction import Proof
from jobs.payments.payment import PaymentState, authorization_id, transfer_id
from jobs.payments.reservations import LEASE_MS
from tests.payments import (
    BASE,
    NONCE,
    PAY_TO,
    PAYER,
    PRICE,
    Killed,
    a_receipt,
    a_transfer,
    an_authorization,
)
from tests.support import HOUR, NOON
from tests.unit.payments.world import HASH, PaymentWorld, a_new_job


@pytest.fixture
def world(clock) -> PaymentWorld:
    made = PaymentWorld(clock)
    made.ledger.receipts[HASH] = a_receipt(a_transfer())
    return made


def test_transfer_pays_for_one_job(world) -> None:
    first, again = world.show(), world.show()

    assert again == first
    assert len(world.jobs.all()) == 1
    assert first.payment.id == transfer_id(BASE, HASH, 3)
    assert (first.payment.transaction, first.payment.payer) == (HASH, PAYER)
    with pytest.raises(PaymentRefusedError, match=r"^payment_already_used$"):
        world.show("Another")


def test_proof_message_has_network_hash_and_body_digest() -> None:
    proof = Proof(network=BASE, transaction=HASH, body=b"abc", signature=None)

    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert proof.message.decode() == f"base\n{HASH}\n{digest}"


def test_transfer_over_price_is_accepted(world) -> None:
    world.ledger.receipts[HASH] = a_receipt(a_transfer(amount=PRICE + 1))

    assert world.show().payment.amount == PRICE + 1


@pytest.mark.parametrize(("receipt", "code"), [
    (a_receipt(succeeded=False), "transaction_failed"),
    (a_receipt(), "payment_not_received"),
    (a_receipt(a_transfer(amount=PRICE - 1)), "payment_not_received"),
    (a_receipt(a_transfer(amount=PRICE - 1), a_transfer(amount=1)), "payment_not_received"),
    (a_receipt(a_transfer(payer="0x" + "77" * 20)), "invalid_signature"),
    (a_receipt(a_transfer(), mined_at=NOON // 1000 - 24 * 3600 - 1), "payment_too_old"),
])  # fmt: skip
def test_transaction_without_payment_is_refused(world, receipt, code) -> None:
    world.ledger.receipts[HASH] = receipt

    with pytest.raises(PaymentRefusedError, match=rf"^{code}$"):
        world.show()
    assert world.stored.all() == []


@pytest.mark.parametrize("receipt", [
    a_receipt(a_transfer(), confirmations=12),
    a_receipt(a_transfer(), mined_at=NOON // 1000 - 24 * 3600),
])  # fmt: skip
def test_transaction_at_a_limit_of_age_or_confirmations_pays(world, receipt) -> None:
    world.ledger.receipts[HASH] = receipt

    assert world.show().payment.state is PaymentState.SETTLED


def test_chain_is_asked_for_the_transaction_and_our_address(world, monkeypatch) -> None:
    calls = []
    find_receipt = world.ledger.find_receipt

    def note(*proof, pay_to):
        calls.append((*proof, pay_to))
        return find_receipt(*proof, pay_to=pay_to)

    monkeypatch.setattr(world.ledger, "find_receipt", note)

    world.show()

    assert calls == [(BASE, HASH, PAY_TO)]


@pytest.mark.parametrize(("receipt", "reason"), [
    (None, HASH), (a_receipt(a_transfer(), confirmations=11), "not confirmed yet"),
])  # fmt: skip
def test_transaction_not_certain_yet_is_unknown(world, receipt, reason) -> None:
    world.ledger.receipts[HASH] = receipt

    with pytest.raises(SettlementUnknownError, match=rf"^{reason}$"):
        world.show()
    assert world.stored.all() == []


def test_transaction_with_two_transfers_pays_for_two_jobs(world) -> None:
    world.ledger.receipts[HASH] = a_receipt(a_transfer(log_index=3), a_transfer(log_index=7))

    first, second = world.show("One"), world.show("Two")

    assert world.show("One") == first
    assert world.show("Two") == second
    with pytest.raises(PaymentRefusedError, match=r"^payment_already_used$"):
        world.show("Three")
    assert len(world.jobs.all()) == 2


def test_authorization_used_before_does_not_pay_as_transaction(world) -> None:
    world.pay()
    world.ledger.receipts[HASH] = a_receipt(a_transfer(nonce=NONCE))

    with pytest.raises(PaymentRefusedError, match=r"^payment_already_used$"):
        world.show("Another")
    assert len(world.jobs.all()) == 1


def test_transaction_used_before_does_not_pay_as_authorization(world) -> None:
    world.ledger.receipts[HASH] = a_receipt(a_transfer(nonce=NONCE))
    paid = world.show()
    world.ledger.move(an_authorization())

    assert paid.payment.id == authorization_id(BASE, PAYER, NONCE)
    with pytest.raises(PaymentRefusedError, match=r"^payment_already_used$"):
        world.pay("Another")


def test_transaction_again_after_a_day_returns_first_job(world, clock) -> None:
    first = world.show()
    world.jobs.get(first.job.ref)
    clock.advance(23 * HOUR)
    world.ledger.receipts[HASH] = a_receipt(a_transfer(), mined_at=NOON // 1000 - 2 * 3600)

    assert world.show().job.id == first.job.id


@pytest.mark.parametrize("step", range(5))
@pytest.mark.parametrize("where", ["payments", "repository"])
@pytest.mark.parametrize("fault", ["killed", "killed after"])
def test_transaction_killed_at_any_step_makes_at_most_one_job(
    world, clock, where, fault, step
) -> None:
    getattr(world, where).faults = [""] * step + [fault]
    try:
        world.show()
    except Killed:
        clock.advance(LEASE_MS)
        world.payments.faults, world.repository.faults = [], []
        world.show()

    assert len(world.jobs.all()) == 1
    [payment] = world.stored.all()
    assert (payment.state, payment.transaction) == (PaymentState.SETTLED, HASH)


def test_transaction_with_abandoned_reservation_gets_its_job(world, clock) -> None:
    world.repository.faults = ["killed"]
    with pytest.raises(Killed):
        world.show()
    clock.advance(LEASE_MS)
    world.ledger.calls.clear()

    [payment] = world.stored.all()
    assert world.watch(payment.id).state is PaymentState.SETTLED
    assert len(world.jobs.all()) == 1
    assert [each.transaction for each in world.stored.all()] == [HASH]
    assert world.ledger.calls == []


def test_abandoned_transaction_is_closed_by_its_authorization(world, clock) -> None:
    world.ledger.receipts[HASH] = a_receipt(a_transfer(nonce=NONCE))
    world.repository.faults = ["killed"]
    with pytest.raises(Killed):
        world.show()
    clock.advance(LEASE_MS)

    paid = world.pay(authorization=an_authorization(valid_before=0))

    assert (paid.payment.state, paid.payment.transaction) == (PaymentState.SETTLED, HASH)


def test_transaction_during_reservation_is_unknown(world) -> None:
    world.repository.faults = ["killed"]
    with pytest.raises(Killed):
        world.show()

    with pytest.raises(SettlementUnknownError):
        world.show()


def test_transaction_with_known_key_returns_first_job(world) -> None:
    world.ledger.receipts[HASH] = a_receipt(a_transfer(log_index=3), a_transfer(log_index=7))

    first = world.show(key="k")

    assert world.show(key="k") == first


@pytest.mark.parametrize("body", ["Hello", "Another"])
def test_transaction_of_other_signer_with_known_key_is_refused(world, body) -> None:
    world.ledger.receipts[HASH] = a_receipt(a_transfer())
    world.show(key="k")

    with pytest.raises(PaymentRefusedError, match=r"^invalid_signature$"):
        world.show(body, key="k", signature="0x" + "99" * 20)
    assert len(world.stored.all()) == 1


def test_reservation_lost_to_another_request_is_unknown_for_2_seconds(world, monkeypatch) -> None:
    monkeypatch.setattr(world.stored, "reserve", lambda *args, **kwargs: False)

    with pytest.raises(SettlementUnknownError) as unknown:
        world.show()

    assert (unknown.value.args, unknown.value.retry_after) == ((transfer_id(BASE, HASH, 3),), 2)


def test_transfer_of_a_released_payment_pays_in_a_second_attempt(world) -> None:
    world.ledger.faults["settle"] = ["unavailable"]
    with suppress(UnavailableError, JobError):
        world.pay()
    world.ledger.receipts[HASH] = a_receipt(a_transfer(nonce=NONCE))

    paid = world.show()

    assert (paid.payment.attempt, paid.payment.state) == (2, PaymentState.SETTLED)


def test_key_of_a_refused_payment_serves_a_transaction(world) -> None:
    world.ledger.faults["settle"] = ["refused insufficient_funds"]
    with suppress(PaymentRefusedError):
        world.pay(key="k")

    paid = world.show(key="k")

    assert world.show(key="k") == paid
    assert len(world.jobs.all()) == 1


@pytest.mark.parametrize("signature", ["0x12", None])
def test_signer_is_recovered_from_message_and_signature(world, signature) -> None:
    signed = []

    def recover(*signature):
        signed.append(signature)
        return PAYER

    pay = replace(world.pay_by_transaction, recover=recover)
    proof = Proof(network=BASE, transaction=HASH, body=b"Hello", signature=signature)

    pay(a_new_job(), proof)

    assert signed == [(proof.message, signature or "")]
