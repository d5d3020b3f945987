"""The records of payments."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest

from jobs.kit.errors import UnavailableError
from jobs.payments.adapters.records import DynamoPayments
from jobs.payments.adapters.sqlite import SqlitePayments
from jobs.payments.errors import StalePaymentError
from jobs.payments.payment import KeyedPayment, Payment, PaymentState
from tests.support import HOUR, NOON, Broken

LEASE = 40_000


@pytest.fixture
def payment(tenant) -> Payment:
    return Payment(
        id=f"auth#8453#0x{'1c' * 20}#0x{uuid4().hex}{uuid4().hex}",
        state=PaymentState.CLAIMED,
        tenant=tenant,
        kind="messaging",
        job_id="019b7963-4a00-7000-8000-000000000001",
        request_hash=f"{tenant}#a request",
        network="base",
        payer="0x" + "1c" * 20,
        amount=20_000,
        created_at=NOON,
        changed_at=NOON,
        lease_until=NOON + LEASE,
        version=2,
        valid_before=NOON // 1000 + 120,
        key_id="0123456789ab",
        job={"request": {"content": "Gr\u00fc\u00dfe", "metadata": {"x": 1.5, "n": 10**30}},
             "timeout": 30_000, "retention": 24 * HOUR,
             "webhook": {"url": "https://hooks.example.com/in", "events": ["failed"]}},
    )  # fmt: skip


@pytest.fixture
def key(payment) -> KeyedPayment:
    return KeyedPayment(
        tenant=payment.tenant,
        key="k \u00fc",
        payment_id=payment.id,
        request_hash=payment.request_hash,
        expires_at=NOON + 24 * HOUR,
    )


def other(payment: Payment) -> Payment:
    return replace(payment, id=f"{payment.id}2")


def test_reservation_is_read_unchanged(payments, payment) -> None:
    assert payments.reserve(payment, replacing=None)

    assert payments.find(payment.id) == payment


def test_reservation_with_256_bit_amount_is_read_unchanged(payments, payment) -> None:
    large = replace(payment, amount=2**256 - 1)
    payments.reserve(large, replacing=None)

    assert payments.find(payment.id) == large


def test_find_unknown_payment_returns_none(payments, payment) -> None:
    assert payments.find(payment.id) is None
    assert payments.find_key(payment.tenant, "k") is None


def test_reserve_twice_is_refused_and_changes_nothing(payments, payment) -> None:
    payments.reserve(payment, replacing=None)

    assert not payments.reserve(replace(payment, job_id="another"), replacing=None)
    assert payments.find(payment.id) == payment


@pytest.mark.parametrize("any_engine", ["sqlite", "ministack"], indirect=True)  # moto has no locks
@pytest.mark.parametrize("keyed", [False, True])
def test_reserve_in_ten_threads_succeeds_once(payments, payment, key, keyed) -> None:
    def claim(number: int) -> bool:
        reservation = replace(payment, job_id=str(number))
        return payments.reserve(reservation, replacing=None, key=key if keyed else None)

    with ThreadPoolExecutor(10) as callers:
        won = [*callers.map(claim, range(10))]

    assert sorted(won) == [False] * 9 + [True]
    assert payments.find(payment.id).job_id == str(won.index(True))


@pytest.mark.parametrize("close", [
    lambda p: p.refuse("insufficient_funds", now=NOON), lambda p: p.release(now=NOON),
])  # fmt: skip
def test_reserve_closed_payment_again_succeeds_once(payments, payment, close) -> None:
    payments.reserve(payment, replacing=None)
    closed = close(payment)
    payments.save(closed, replacing=payment)
    again = replace(payment, attempt=2, job_id="again")

    assert payments.reserve(again, replacing=closed)
    assert not payments.reserve(replace(again, job_id="late"), replacing=closed)
    assert payments.find(payment.id) == again


@pytest.mark.parametrize("step", [
    lambda p: p.settle("0x" + "fa" * 32, now=NOON + 1),
    lambda p: p.refuse("insufficient_funds", now=NOON + 1),
    lambda p: p.release(now=NOON + 1),
    lambda p: p.leave_open(now=NOON + 1),
    lambda p: p.take_over(now=NOON + 1, lease=LEASE),
], ids=["settle", "refuse", "release", "leave open", "take over"])  # fmt: skip
def test_save_stores_each_transition(payments, payment, step) -> None:
    payments.reserve(payment, replacing=None)

    payments.save(step(payment), replacing=payment)

    assert payments.find(payment.id) == step(payment)


def test_save_of_stale_payment_raises_stale_error(payments, payment) -> None:
    payments.reserve(payment, replacing=None)
    taken = payment.take_over(now=NOON, lease=LEASE)
    payments.save(taken, replacing=payment)

    with pytest.raises(StalePaymentError):
        payments.save(payment.release(now=NOON), replacing=payment)
    assert payments.find(payment.id) == taken


def test_save_of_unknown_payment_raises_stale_error(payments, payment) -> None:
    with pytest.raises(StalePaymentError):
        payments.save(payment.release(now=NOON), replacing=payment)


# ── Idempotency-Key ─────────────────────────────────────────────────────────────


def test_reserve_with_key_stores_key_of_payment(payments, payment, key) -> None:
    assert payments.reserve(payment, replacing=None, key=key)

    assert payments.find_key(key.tenant, key.key) == key
    assert payments.find_key("rival", key.key) is None


def test_reserve_second_payment_with_key_is_refused(payments, payment, key) -> None:
    payments.reserve(payment, replacing=None, key=key)
    second = other(payment)

    assert not payments.reserve(second, replacing=None, key=replace(key, payment_id=second.id))
    assert payments.find(second.id) is None
    assert payments.find_key(key.tenant, key.key) == key


def test_reserve_with_replaced_key_stores_new_payment(payments, payment, key) -> None:
    payments.reserve(payment, replacing=None, key=key)
    second = other(payment)
    newer = replace(key, payment_id=second.id)

    assert payments.reserve(second, replacing=None, key=newer, replacing_key=key)
    assert payments.find_key(key.tenant, key.key) == newer


def test_reserve_refused_with_key_stores_no_key(payments, payment, key) -> None:
    payments.reserve(payment, replacing=None)

    assert not payments.reserve(payment, replacing=None, key=key)
    assert payments.find_key(key.tenant, key.key) is None


def test_key_after_expiry_is_free_again(payments, payment, key, clock) -> None:
    payments.reserve(payment, replacing=None, key=key)
    clock.advance(24 * HOUR)
    second = other(payment)
    newer = replace(key, payment_id=second.id, expires_at=NOON + 48 * HOUR)

    assert payments.find_key(key.tenant, key.key) is None
    assert payments.reserve(second, replacing=None, key=newer)


def test_payment_that_cannot_be_followed_is_not_stored(sqlite, clock, payment, key) -> None:
    payments = SqlitePayments(sqlite, clock, Broken(UnavailableError("the timers")))

    with pytest.raises(UnavailableError):
        payments.reserve(payment, replacing=None, key=key)

    assert payments.find(payment.id) is None
    assert payments.find_key(key.tenant, key.key) is None


# ── The table alone ─────────────────────────────────────────────────────────────


@pytest.fixture
def table(engine, clock) -> DynamoPayments:
    return DynamoPayments(engine.client, engine.payments, clock)


def test_reserve_after_lost_response_succeeds(table, engine, payment) -> None:
    with engine.losing_answer("PutItem") as lost:
        assert table.reserve(payment, replacing=None)

    assert lost


def test_reserve_with_key_after_lost_response_succeeds(table, engine, payment, key) -> None:
    with engine.losing_answer("TransactWriteItems") as lost:
        assert table.reserve(payment, replacing=None, key=key)

    assert lost
    assert table.find(payment.id) == payment


def test_save_after_lost_response_succeeds(table, engine, payment) -> None:
    table.reserve(payment, replacing=None)

    with engine.losing_answer("PutItem") as lost:
        table.save(payment.leave_open(now=NOON), replacing=payment)

    assert lost


def test_reserve_equal_payment_by_other_request_is_refused(table, engine, payment) -> None:
    table.reserve(payment, replacing=None)

    with engine.losing_answer("PutItem"):
        assert not table.reserve(payment, replacing=None)


@pytest.mark.parametrize("call", [
    lambda t, p, _: t.reserve(p, replacing=None),
    lambda t, p, key: t.reserve(p, replacing=None, key=key),
    lambda t, p, _: t.find(p.id),
    lambda t, p, key: t.find_key(p.tenant, key.key),
    lambda t, p, _: t.save(p.release(now=NOON), replacing=p),
])  # fmt: skip
def test_throttled_table_raises_unavailable_error(table, engine, payment, key, call) -> None:
    with engine.failing("ThrottlingException"), pytest.raises(UnavailableError):
        call(table, payment, key)


def test_record_expires_after_more_than_a_year(table, engine, payment) -> None:
    table.reserve(payment, replacing=None)

    item = engine.client.get_item(TableName=engine.payments, Key={"PK": {"S": payment.id}})["Item"]
    assert int(item["expires_at"]["N"]) * 1000 == NOON + 400 * 24 * HOUR


def test_reserve_without_key_makes_one_call(table, engine, payment) -> None:
    with engine.calls() as calls:
        table.reserve(payment, replacing=None)

    assert calls == ["PutItem"]
