"""Create a job for an authorization: reserve it, settle it, then store the job."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from jobs.core.create_job import NewJob
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.payments.close_payment import PaidJob
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError, StalePaymentError
from jobs.payments.payment import Authorization, KeyedPayment, Payment, PaymentState, Terms
from jobs.payments.ports import Facilitator, Payments, Refused, Settled
from jobs.payments.reconcile_payment import NOT_RECEIVED, ChainState
from jobs.payments.reservations import (
    BUSY_RETRY_S,
    LEASE_MS,
    PaymentDetails,
    PaymentReservations,
    is_same_request,
)
from jobs.payments.rules import MIN_VALIDITY_S, check

_REQUEST_TIMEOUT_MS: Final[Millis] = 25_000
_VERIFY_TIMEOUT_S: Final = 6.0
_SETTLE_TIMEOUT_S: Final = 18.0
_MIN_TIMEOUT_S: Final = 1.0
_CHAIN_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A new job and its payment; `requirements`: the entry of the 402 response that it meets."""

    new: NewJob
    authorization: Authorization
    requirements: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayForJob:
    reservations: PaymentReservations
    payments: Payments
    facilitator: Facilitator
    terms: Terms
    clock: Clock

    def __call__(self, order: Order) -> PaidJob:
        """Create the job, or return the first one of the same payment or key.

        The key is read after the signature is verified: a payer's address is public, so it does
        not prove who sends the key. A known payment is answered first: its nonce is used, which
        makes a facilitator refuse it.

        Raises `PaymentRefusedError`, `IdempotencyConflictError`, `UnavailableError` before the
        settlement, and `SettlementUnknownError` once money may have moved.
        """
        until = self.clock() + _REQUEST_TIMEOUT_MS
        known = self.payments.find(order.authorization.payment_id)
        if known and (paid := self._resume(order, known, until)):
            return paid
        check(order.authorization, self.terms, self.clock())
        refused = self.facilitator.verify(
            order.authorization, order.requirements, timeout=_VERIFY_TIMEOUT_S
        )
        if refused:
            return self._reject(order, refused.reason, until)
        key = self.reservations.find_by_key(order.new)
        if isinstance(key, PaidJob):
            return key
        return self._settle(order, self._reserve(order, known, key), until)

    def _resume(self, order: Order, known: Payment, until: Millis) -> PaidJob | None:
        """Return the job of a known payment; None if it was refused or released."""
        if not self._is_same(order, known):
            if known.state.is_open or known.state is PaymentState.SETTLED:
                raise PaymentRefusedError("payment_already_used")
            return None
        if known.state.is_open and not known.is_leased(self.clock()):
            return self._take_over(order, known, until)
        return self.reservations.resolve(known)

    def _is_same(self, order: Order, known: Payment) -> bool:
        """A payer can sign a nonce again, for another amount or time: another payment."""
        signed = (order.authorization.amount, order.authorization.valid_before)
        return is_same_request(known, order.new) and signed == (known.amount, known.valid_before)

    def _reserve(self, order: Order, known: Payment | None, key: KeyedPayment | None) -> Payment:
        """Reserve the payment. Raises `SettlementUnknownError` if another request won."""
        details = PaymentDetails(
            id=order.authorization.payment_id,
            network=order.authorization.network,
            payer=order.authorization.payer,
            amount=order.authorization.amount,
            version=order.authorization.version,
            valid_before=order.authorization.valid_before,
        )
        reservation = self.reservations.prepare(order.new, details, replacing=known)
        if not self.reservations.store(reservation, order.new, replacing=known, replacing_key=key):
            raise SettlementUnknownError(reservation.id, retry_after=BUSY_RETRY_S)
        return reservation

    def _settle(self, order: Order, reservation: Payment, until: Millis) -> PaidJob:
        close = self.reservations.close
        try:
            outcome = self._request_settlement(order, until)
        except (UnavailableError, RefusedError):  # nothing has been sent
            close.release(reservation)
            raise
        except SettlementUnknownError:
            close.leave_open(reservation)
            raise
        if isinstance(outcome, Settled):
            return close(reservation, outcome.transaction)
        chain_state = self._read_chain(reservation, until)
        if chain_state.used:
            return self._close_used(reservation, chain_state)
        if reservation.attempt > 1:  # an earlier attempt may still be mined
            close.leave_open(reservation)
            raise SettlementUnknownError(reservation.id)
        close.refuse(reservation, outcome.reason)
        raise PaymentRefusedError(outcome.reason)

    def _request_settlement(self, order: Order, until: Millis) -> Settled | Refused:
        timeout = min(_SETTLE_TIMEOUT_S, (until - self.clock()) / 1000)
        if timeout < _MIN_TIMEOUT_S:
            raise SettlementUnknownError("no time left")
        return self.facilitator.settle(order.authorization, order.requirements, timeout=timeout)

    def _take_over(self, order: Order, known: Payment, until: Millis) -> PaidJob:
        """Reconcile an open payment with the chain, and settle it if it is still unused."""
        reservation = known.take_over(now=self.clock(), lease=LEASE_MS)
        try:
            self.payments.save(reservation, replacing=known)
        except StalePaymentError as error:
            raise SettlementUnknownError(reservation.id, retry_after=BUSY_RETRY_S) from error
        if reservation.transaction:
            return self.reservations.close(reservation, reservation.transaction)
        chain_state = self._read_chain(reservation, until)
        if chain_state.used:
            return self._close_used(reservation, chain_state)
        if self.reservations.reconcile.release_if_expired(reservation, chain_state):
            raise PaymentRefusedError("payment_expired")
        if chain_state.time + MIN_VALIDITY_S > reservation.valid_before:
            self.reservations.close.leave_open(reservation)
            raise SettlementUnknownError(reservation.id)
        return self._settle(order, reservation, until)

    def _reject(self, order: Order, reason: str, until: Millis) -> PaidJob:
        """Refuse a payment that failed to verify, unless it was used for this request.

        Without a record of the request the payment is refused, even if it was used: the chain is
        public, and the facilitator may have refused before it checked the signature.
        """
        known = self.payments.find(order.authorization.payment_id)
        if known and (paid := self._resume(order, known, until)):
            return paid
        if known and self._is_same(order, known):
            chain_state = self.reservations.reconcile.read_chain(
                known, within=self._seconds_left(until)
            )
            if chain_state.used:
                keyless = replace(order, new=replace(order.new, idempotency_key=None))
                return self._close_used(self._reserve(keyless, known, None), chain_state)
        raise PaymentRefusedError(reason)

    def _read_chain(self, reservation: Payment, until: Millis) -> ChainState:
        """Read the chain. Raises `SettlementUnknownError`, and leaves the payment open."""
        try:
            return self.reservations.reconcile.read_chain(
                reservation, within=self._seconds_left(until)
            )
        except SettlementUnknownError as error:
            self.reservations.close.leave_open(reservation)
            raise SettlementUnknownError(reservation.id) from error

    def _seconds_left(self, until: Millis) -> float:
        """Return the seconds left to read the chain, before Lambda's timeout."""
        return (until - self.clock()) / 1000 + _CHAIN_TIMEOUT_S

    def _close_used(self, reservation: Payment, chain_state: ChainState) -> PaidJob:
        """Close a payment whose authorization was used: settled if it paid us, else refused."""
        if chain_state.settled:
            return self.reservations.close(reservation, chain_state.settled.transaction)
        self.reservations.close.refuse(reservation, NOT_RECEIVED)
        raise PaymentRefusedError(NOT_RECEIVED)
