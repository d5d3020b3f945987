"""Create a job for a transaction that has already paid for it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jobs.core.create_job import NewJob
from jobs.kit.clock import Clock, Millis
from jobs.payments.close_payment import PaidJob
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError
from jobs.payments.payment import (
    Network,
    Payment,
    PaymentState,
    Terms,
    authorization_id,
    transfer_id,
)
from jobs.payments.ports import Chain, Payments, Receipt, Recover, Transfer
from jobs.payments.reservations import (
    BUSY_RETRY_S,
    PaymentDetails,
    PaymentReservations,
    is_same_request,
)

_MAX_AGE_MS: Final[Millis] = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A transaction, and the payer's signature of it and the request's body."""

    network: Network
    transaction: str
    body: bytes
    signature: str | None

    @property
    def message(self) -> bytes:
        """The message for `personal_sign`: three lines, without a final newline."""
        digest = hashlib.sha256(self.body).hexdigest()
        return f"{self.network.name}\n{self.transaction}\n{digest}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class PayByTransaction:
    """`recover`: None if transactions need no signature."""

    reservations: PaymentReservations
    payments: Payments
    chain: Chain
    recover: Recover | None
    terms: Terms
    confirmations: int
    clock: Clock

    def __call__(self, new: NewJob, proof: Proof) -> PaidJob:
        """Create the job, or return the first one of the same transfer or key.

        Raises `PaymentRefusedError`, `IdempotencyConflictError`, `SettlementUnknownError`.
        """
        receipt = self.chain.find_receipt(
            proof.network, proof.transaction, pay_to=self.terms.pay_to
        )
        if receipt is None:
            raise SettlementUnknownError(proof.transaction)
        transfers = self._select_signed(proof, self._select_sufficient(receipt))
        # Not before the signature is verified: transactions are public.
        key = self.reservations.find_by_key(new)
        if isinstance(key, PaidJob):
            return key
        found = [(each, self.payments.find(_id(proof, each))) for each in transfers]
        for _, known in found:
            if known and is_same_request(known, new):
                paid = self._resolve(known, receipt, proof)
                if paid:
                    return paid
        self._check_time(receipt)
        free = [(each, known) for each, known in found if not _is_used(known)]
        if not free:
            raise PaymentRefusedError("payment_already_used")
        [(transfer, known), *_] = free
        details = PaymentDetails(
            id=_id(proof, transfer),
            network=proof.network,
            payer=transfer.payer,
            amount=transfer.amount,
            transaction=proof.transaction,
        )
        reservation = self.reservations.prepare(new, details, replacing=known)
        if not self.reservations.store(reservation, new, replacing=known, replacing_key=key):
            raise SettlementUnknownError(reservation.id, retry_after=BUSY_RETRY_S)
        return self.reservations.close(reservation, proof.transaction)

    def _select_sufficient(self, receipt: Receipt) -> Sequence[Transfer]:
        if not receipt.succeeded:
            raise PaymentRefusedError("transaction_failed")
        sufficient = [each for each in receipt.transfers if each.amount >= self.terms.price]
        if not sufficient:
            raise PaymentRefusedError("payment_not_received")
        return sufficient

    def _select_signed(self, proof: Proof, transfers: Sequence[Transfer]) -> Sequence[Transfer]:
        if self.recover is None:
            return transfers
        signer = self.recover(proof.message, proof.signature or "")
        own = [each for each in transfers if each.payer == signer]
        if not own:
            raise PaymentRefusedError("invalid_signature")
        return own

    def _resolve(self, known: Payment, receipt: Receipt, proof: Proof) -> PaidJob | None:
        """Return the job of a known transfer; an abandoned reservation gets its job now."""
        if known.state.is_open and not known.is_leased(self.clock()):
            self._check_time(receipt)
            return self.reservations.close(known, proof.transaction)
        return self.reservations.resolve(known)

    def _check_time(self, receipt: Receipt) -> None:
        if receipt.mined_at * 1000 < self.clock() - _MAX_AGE_MS:
            raise PaymentRefusedError("payment_too_old")
        if receipt.confirmations < self.confirmations:
            raise SettlementUnknownError("not confirmed yet")


def _id(proof: Proof, transfer: Transfer) -> str:
    if transfer.nonce is not None:
        return authorization_id(proof.network, transfer.payer, transfer.nonce)
    return transfer_id(proof.network, proof.transaction, transfer.log_index)


def _is_used(known: Payment | None) -> bool:
    return known is not None and (known.state.is_open or known.state is PaymentState.SETTLED)
