"""`make payments` lists payments for an operator."""

from dataclasses import replace
from itertools import islice

from jobs.payments.adapters.records import DynamoPayments
from jobs.payments.payment import Payment, PaymentState
from scripts.payments import format_row, format_table, list_payments
from tests.support import NOON


def a_payment(number: int) -> Payment:
    return Payment(
        id=f"auth#8453#0x1c#{number}",
        state=PaymentState.CLAIMED,
        tenant="acme",
        kind="messaging",
        job_id=f"job {number}",
        request_hash="h",
        network="base",
        payer="0x1c",
        amount=20_000,
        created_at=NOON,
        changed_at=NOON + number * 1000,
        lease_until=NOON,
        job={"request": {"content": "private"}, "timeout": 1, "retention": 1},
    )


def test_payments_command_lists_state_newest_first(moto, clock) -> None:
    records = DynamoPayments(moto.client, moto.payments, clock)
    for number in range(3):
        records.reserve(a_payment(number), replacing=None)
    settled = a_payment(1).settle("0xfa", now=NOON + 9000)
    records.save(settled, replacing=a_payment(1))

    claimed = [*list_payments(moto.client, moto.payments, PaymentState.CLAIMED)]
    [paid] = list_payments(moto.client, moto.payments, PaymentState.SETTLED)

    assert [row["job_id"]["S"] for row in claimed] == ["job 2", "job 0"]
    assert format_row(paid) == (
        "2026-01-01 12:00:09", "settled", "0.020000", "base", "0x1c", "acme", "job 1", "0xfa",
    )  # fmt: skip
    assert "private" not in str(claimed)


def test_payments_command_shows_reason_without_transaction(moto, clock) -> None:
    records = DynamoPayments(moto.client, moto.payments, clock)
    rejected = replace(a_payment(1).refuse("insufficient_funds", now=NOON), id="auth#1")
    records.reserve(rejected, replacing=None)

    [row] = islice(list_payments(moto.client, moto.payments, PaymentState.REFUSED), 1)

    assert format_row(row)[-1] == "insufficient_funds"


def test_payments_command_aligns_columns_below_header() -> None:
    first = "a", "settled", "0.02", "base", "0x", "acme", "job", "0xfa"

    head, only = format_table([first]).splitlines()

    assert head.split() == [
        "changed", "state", "usdc", "network", "payer", "tenant", "job", "transaction",
    ]  # fmt: skip
    assert only.index("settled") == head.index("state")
