"""The usage of payments: each one that is settled, with its amount."""

from jobs.core.usage import PAYMENTS, Usage, UsageLog, day_of
from jobs.payments.payment import Payment, PaymentState


def usage_of_payment(payment: Payment) -> UsageLog:
    settled = Usage(
        tenant=payment.tenant,
        day=day_of(payment.changed_at),
        source=PAYMENTS,
        counts={f"count.{payment.network}": 1, f"amount.{payment.network}": payment.amount},
        key_id=payment.key_id,
    )
    return UsageLog(
        id=f"{payment.tenant}#payment#{payment.id}",
        entries=[settled] if payment.state is PaymentState.SETTLED else [],
    )
