"""Create a job for a transaction that has paid for it already."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jobs.core.create_job import NewJob
from jobs.kit.clock import Clock, Millis
from jobs.payments.claims import BUSY, Offered, PaymentClaims, belongs
from jobs.payments.close_payment import Paid
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

_LONGEST_AGO: Final[Millis] = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a payer shows: a transaction, and a signature over it and the request's body."""

    network: Network
    transaction: str
    body: bytes
    signature: str | None

    @property
    def message(self) -> bytes:
        """What the payer signs, by `personal_sign`: three lines, without one at the end."""
        digest = hashlib.sha256(self.body).hexdigest()
        return f"{self.network.name}\n{self.transaction}\n{digest}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class PayByTransaction:
    """`recover` is None where whoever knows a transaction may use it."""

    claims: PaymentClaims
    payments: Payments
    chain: Chain
    recover: Recover | None
    terms: Terms
    confirmations: int
    clock: Clock

    def __call__(self, new: NewJob, proof: Proof) -> Paid:
        """Return the job, or the first one of the same transfer or key.

        Raises `PaymentRefusedError`, `IdempotencyConflictError`, `SettlementUnknownError`.
        """
        key = self.claims.by_key(new)
        if isinstance(key, Paid):
            return key
        receipt = self.chain.receipt(proof.network, proof.transaction, pay_to=self.terms.pay_to)
        if receipt is None:
            raise SettlementUnknownError(proof.transaction)
        transfers = self._payers_own(proof, self._good(receipt))
        found = [(each, self.payments.find(_id(proof, each))) for each in transfers]
        for _, known in found:
            if known and belongs(known, new) and (paid := self._again(known, receipt, proof)):
                return paid
        self._check_time(receipt)
        free = [(each, known) for each, known in found if not _is_taken(known)]
        if not free:
            raise PaymentRefusedError("payment_already_used")
        [(transfer, known), *_] = free
        offered = Offered(
            id=_id(proof, transfer),
            network=proof.network,
            payer=transfer.payer,
            amount=transfer.amount,
            transaction=proof.transaction,
        )
        claim = self.claims.of(new, offered, replacing=known)
        if not self.claims.take(claim, new, replacing=known, replacing_key=key):
            raise SettlementUnknownError(claim.id, retry_after=BUSY)
        return self.claims.close(claim, proof.transaction)

    def _good(self, receipt: Receipt) -> Sequence[Transfer]:
        if not receipt.succeeded:
            raise PaymentRefusedError("transaction_failed")
        enough = [each for each in receipt.transfers if each.amount >= self.terms.price]
        if not enough:
            raise PaymentRefusedError("payment_not_received")
        return enough

    def _payers_own(self, proof: Proof, transfers: Sequence[Transfer]) -> Sequence[Transfer]:
        if self.recover is None:
            return transfers
        signer = self.recover(proof.message, proof.signature or "")
        own = [each for each in transfers if each.payer == signer]
        if not own:
            raise PaymentRefusedError("invalid_signature")
        return own

    def _again(self, known: Payment, receipt: Receipt, proof: Proof) -> Paid | None:
        """The money is there, so a claim that was left behind only wants its job."""
        if known.state.is_open and not known.is_leased(self.clock()):
            self._check_time(receipt)
            return self.claims.close(known, proof.transaction)
        return self.claims.outcome(known)

    def _check_time(self, receipt: Receipt) -> None:
        if receipt.mined_at * 1000 < self.clock() - _LONGEST_AGO:
            raise PaymentRefusedError("payment_too_old")
        if receipt.confirmations < self.confirmations:
            raise SettlementUnknownError("not confirmed yet")


def _id(proof: Proof, transfer: Transfer) -> str:
    if transfer.nonce is not None:
        return authorization_id(proof.network, transfer.payer, transfer.nonce)
    return transfer_id(proof.network, proof.transaction, transfer.log_index)


def _is_taken(known: Payment | None) -> bool:
    return known is not None and (known.state.is_open or known.state is PaymentState.SETTLED)
