"""Reconcile an open payment whose request may never be repeated."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from jobs.kit.clock import Clock, Millis
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import Payment, PaymentState
from jobs.payments.ports import Payments
from jobs.payments.reconcile_payment import ReconcilePayment

_MIN_PAUSE_MS: Final[Millis] = 30_000
_MAX_PAUSE_MS: Final[Millis] = 900_000  # SQS delays no longer
_MAX_WATCH_MS: Final[Millis] = 24 * 3600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchResult:
    """The payment's state, and when to watch it again; None: never."""

    state: PaymentState | None
    again: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPayment:
    """Never settles a payment: the payer may no longer want the job."""

    payments: Payments
    reconcile: ReconcilePayment
    clock: Clock

    def __call__(self, payment_id: str) -> WatchResult:
        """Reconcile the payment if it is open and no request holds its lease."""
        payment = self.payments.find(payment_id)
        if payment is None:
            return WatchResult(state=None)
        if payment.is_leased(self.clock()):
            return WatchResult(state=payment.state, again=payment.lease_until)
        if not payment.state.is_open:
            return WatchResult(state=payment.state)
        return self._watch(payment)

    def _watch(self, payment: Payment) -> WatchResult:
        with suppress(SettlementUnknownError):
            self.reconcile(payment)
        after = self.payments.find(payment.id) or payment
        if not after.state.is_open or after.is_leased(self.clock()):
            return WatchResult(state=after.state, again=after.lease_until or None)
        if after.state is PaymentState.CLAIMED:
            self.reconcile.close.leave_open(after)
        age = self.clock() - payment.created_at
        if age > _MAX_WATCH_MS:
            return WatchResult(state=PaymentState.UNKNOWN)
        pause = min(max(age // 4, _MIN_PAUSE_MS), _MAX_PAUSE_MS)
        return WatchResult(state=PaymentState.UNKNOWN, again=self.clock() + pause)
