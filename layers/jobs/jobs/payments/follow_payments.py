"""Start a timer for each open payment, in case its request dies."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.payments.payment import Payment
from jobs.payments.ports import PaymentTimers


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPayments:
    timers: PaymentTimers

    def __call__(self, changed: Sequence[Payment]) -> Sequence[Payment]:
        """Follow and return the payments that are open now; `changed` in order of time."""
        latest = {payment.id: payment for payment in changed}
        open_ = [payment for payment in latest.values() if payment.state.is_open]
        for payment in open_:
            self.timers.follow(payment, at=payment.lease_until)
        return open_
