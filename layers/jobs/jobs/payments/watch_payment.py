"""Look after an open payment that no request may ever come back for."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import Payment, PaymentState
from jobs.payments.ports import Payments
from jobs.payments.reconcile_payment import ReconcilePayment

_SHORTEST: Final[Millis] = 30_000
_LONGEST: Final[Millis] = 3600_000
_PATIENCE: Final[Millis] = 24 * 3600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a payment is now, and when to look at it again; None: no more."""

    state: PaymentState | None
    again: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPayment:
    """Has nothing settled: nobody waits for the job any more, and the payer may have moved on."""

    payments: Payments
    reconcile: ReconcilePayment
    clock: Clock

    def __call__(self, payment_id: str) -> Watched:
        payment = self.payments.find(payment_id)
        if payment is None:
            return Watched(state=None)
        if payment.is_leased(self.clock()):
            return Watched(state=payment.state, again=payment.lease_until)
        if not payment.state.is_open:
            return Watched(state=payment.state)
        return self._watch(payment)

    def _watch(self, payment: Payment) -> Watched:
        with suppress(SettlementUnknownError, UnavailableError):
            self.reconcile(payment)
        after = self.payments.find(payment.id) or payment
        if not after.state.is_open or after.is_leased(self.clock()):
            return Watched(state=after.state, again=after.lease_until or None)
        if after.state is PaymentState.CLAIMED:
            self.reconcile.close.leave_open(after)
        age = self.clock() - payment.created_at
        if age > _PATIENCE:
            return Watched(state=PaymentState.UNKNOWN)
        pause = min(max(age // 4, _SHORTEST), _LONGEST)
        return Watched(state=PaymentState.UNKNOWN, again=self.clock() + pause)
