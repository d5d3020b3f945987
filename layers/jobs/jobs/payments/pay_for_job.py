"""Create a job for an authorization to pay: claim it, have it settled, then store the job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jobs.core.create_job import NewJob
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.payments.claims import BUSY, LEASE, Offered, PaymentClaims, belongs
from jobs.payments.close_payment import Paid
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError, StalePaymentError
from jobs.payments.payment import Authorization, KeyedPayment, Payment, PaymentState, Terms
from jobs.payments.ports import Facilitator, Payments, Refused, Settled
from jobs.payments.reconcile_payment import NOT_RECEIVED, Sight
from jobs.payments.rules import SHORTEST_VALIDITY, check

_ALL_TOGETHER: Final[Millis] = 25_000
_VERIFYING: Final = 6.0
_SETTLING: Final = 18.0
_TOO_SHORT: Final = 1.0
_LOOKING_AFTERWARDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A job, and what is offered for it. `requirements`: what we had asked for, as x402 has it."""

    new: NewJob
    authorization: Authorization
    requirements: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayForJob:
    claims: PaymentClaims
    payments: Payments
    facilitator: Facilitator
    terms: Terms
    clock: Clock

    def __call__(self, order: Order) -> Paid:
        """Return the job, or the first one of the same payment or key.

        Raises `PaymentRefusedError`, `IdempotencyConflictError`; `SettlementUnknownError` once
        money may have moved, `UnavailableError` before.
        """
        until = self.clock() + _ALL_TOGETHER
        payment_id = order.authorization.payment_id
        key = self.claims.by_key(order.new, own=payment_id)
        if isinstance(key, Paid):
            return key
        known = self.payments.find(payment_id)
        if known and (paid := self._earlier(order, known, until)):
            return paid
        check(order.authorization, self.terms, self.clock())
        refused = self.facilitator.verify(
            order.authorization, order.requirements, timeout=_VERIFYING
        )
        if refused:
            return self._unverified(order, key, refused.reason, until)
        return self._settle(order, self._claim(order, known, key), until)

    def _earlier(self, order: Order, known: Payment, until: Millis) -> Paid | None:
        """Answer for what has been done with this payment before; None if that came to nothing."""
        if not self._is_same(order, known):
            if known.state.is_open or known.state is PaymentState.SETTLED:
                raise PaymentRefusedError("payment_already_used")
            return None
        if known.state.is_open and not known.is_leased(self.clock()):
            return self._take_over(order, known, until)
        return self.claims.outcome(known)

    def _is_same(self, order: Order, known: Payment) -> bool:
        """A nonce can be signed again, for another amount or for longer: that is another one."""
        signed = (order.authorization.amount, order.authorization.valid_before)
        return belongs(known, order.new) and signed == (known.amount, known.valid_before)

    def _claim(self, order: Order, known: Payment | None, key: KeyedPayment | None) -> Payment:
        """Claim the payment. Raises `SettlementUnknownError` if another request was quicker."""
        offered = Offered(
            id=order.authorization.payment_id,
            network=order.authorization.network,
            payer=order.authorization.payer,
            amount=order.authorization.amount,
            version=order.authorization.version,
            valid_before=order.authorization.valid_before,
        )
        claim = self.claims.of(order.new, offered, replacing=known)
        if not self.claims.take(claim, order.new, replacing=known, replacing_key=key):
            raise SettlementUnknownError(claim.id, retry_after=BUSY)
        return claim

    def _settle(self, order: Order, claim: Payment, until: Millis) -> Paid:
        close = self.claims.close
        try:
            outcome = self._sent(order, until)
        except UnavailableError:  # nothing has been sent
            close.release(claim)
            raise
        except SettlementUnknownError:
            close.leave_open(claim)
            raise
        if isinstance(outcome, Settled):
            return close(claim, outcome.transaction)
        sight = self._look(claim, until)
        if sight.used:
            return self._seen(claim, sight)
        if claim.attempt > 1:  # an earlier attempt may have sent what has not been mined yet
            close.leave_open(claim)
            raise SettlementUnknownError(claim.id)
        close.refuse(claim, outcome.reason)
        raise PaymentRefusedError(outcome.reason)

    def _sent(self, order: Order, until: Millis) -> Settled | Refused:
        timeout = min(_SETTLING, (until - self.clock()) / 1000)
        if timeout < _TOO_SHORT:
            raise SettlementUnknownError("no time left")
        return self.facilitator.settle(order.authorization, order.requirements, timeout=timeout)

    def _take_over(self, order: Order, known: Payment, until: Millis) -> Paid:
        """Find out what became of an open payment; settle it, if it has not been."""
        claim = known.take_over(now=self.clock(), lease=LEASE)
        try:
            self.payments.save(claim, replacing=known)
        except StalePaymentError as error:
            raise SettlementUnknownError(claim.id, retry_after=BUSY) from error
        if claim.transaction:
            return self.claims.close(claim, claim.transaction)
        sight = self._look(claim, until)
        if sight.used:
            return self._seen(claim, sight)
        if self.claims.reconcile.give_up(claim, sight):
            raise PaymentRefusedError("payment_expired")
        if sight.time + SHORTEST_VALIDITY > claim.valid_before:
            self.claims.close.leave_open(claim)
            raise SettlementUnknownError(claim.id)
        return self._settle(order, claim, until)

    def _unverified(
        self, order: Order, key: KeyedPayment | None, reason: str, until: Millis
    ) -> Paid:
        """Answer for a payment that is no good: it may have been used, for this very request.

        Without a record of that it is refused, used or not: whatever is on the chain is public,
        and a facilitator that says no need not have looked at the signature.
        """
        known = self.payments.find(order.authorization.payment_id)
        if known and (paid := self._earlier(order, known, until)):
            return paid
        if known and self._is_same(order, known):
            sight = self.claims.reconcile.look(known, within=self._left(until))
            if sight.used:
                return self._seen(self._claim(order, known, key), sight)
        raise PaymentRefusedError(reason)

    def _look(self, claim: Payment, until: Millis) -> Sight:
        """Look what has become of a claim. Raises `SettlementUnknownError`, and lets go of it."""
        try:
            return self.claims.reconcile.look(claim, within=self._left(until))
        except (SettlementUnknownError, UnavailableError) as error:
            self.claims.close.leave_open(claim)
            raise SettlementUnknownError(claim.id) from error

    def _left(self, until: Millis) -> float:
        """The seconds that are left to look at the chain, before Lambda ends all this."""
        return (until - self.clock()) / 1000 + _LOOKING_AFTERWARDS

    def _seen(self, claim: Payment, sight: Sight) -> Paid:
        """Close a payment whose authorization has been used, if it was to pay us."""
        if sight.settled:
            return self.claims.close(claim, sight.settled.transaction)
        self.claims.close.refuse(claim, NOT_RECEIVED)
        raise PaymentRefusedError(NOT_RECEIVED)
