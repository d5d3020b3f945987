"""Payments as plain values, which every storage keeps under its own keys."""

import json
from collections.abc import Mapping
from typing import Any, Final

from jobs.kit.clock import Millis
from jobs.payments.payment import Payment, PaymentState

RETENTION_MS: Final[Millis] = 400 * 24 * 3600 * 1000
"""Longer than a payment can be replayed, and than a year's accounts are open."""
_PLAIN: Final = (
    *("tenant", "job_id", "request_hash", "network", "payer", "created_at"),
    *("changed_at", "lease_until", "attempt", "version", "valid_before", "reason"),
)

type Values = dict[str, str | int | None]


def to_row(payment: Payment) -> Values:
    return {
        **{name: getattr(payment, name) for name in _PLAIN},
        "state": payment.state.value,
        "amount": str(payment.amount),  # 256 bits, which no number of a storage can hold
        "key_id": payment.key_id,
        "job": json.dumps(payment.job, ensure_ascii=False, separators=(",", ":")),
    }


def from_row(row: Mapping[str, Any]) -> Payment:
    return Payment(
        **{name: row[name] for name in (*_PLAIN, "id", "kind", "transaction", "key_id")},
        state=PaymentState(row["state"]),
        amount=int(row["amount"]),
        job=json.loads(row["job"]),
    )
