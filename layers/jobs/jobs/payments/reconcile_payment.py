"""Reconcile an open payment with the chain."""

from dataclasses import dataclass
from typing import Final

from jobs.payments.close_payment import ClosePayment
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import NETWORKS, Payment
from jobs.payments.ports import Chain, Settled
from jobs.payments.rules import MAX_VALIDITY_S

NOT_RECEIVED: Final = "payment_not_received"
_DEFAULT_TIMEOUT_S: Final = 45.0
_MIN_TIMEOUT_S: Final = 3.0
_CHAIN_MARGIN_S: Final = 60
"""Seconds after its end until an authorization counts as expired: nodes lag, blocks change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainState:
    """The state of an authorization in a block not older than `time` (seconds)."""

    time: int
    used: bool
    settled: Settled | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilePayment:
    """Every method raises `SettlementUnknownError` if the chain cannot be read."""

    chain: Chain
    close: ClosePayment
    pay_to: str

    def __call__(self, payment: Payment, *, within: float = _DEFAULT_TIMEOUT_S) -> None:
        """Close the payment if possible. Reads the chain for at most `within` seconds."""
        if payment.transaction:  # the transfer was seen before the reservation
            self.close(payment, payment.transaction)
            return
        chain_state = self.read_chain(payment, within=within)
        if chain_state.settled:
            self.close(payment, chain_state.settled.transaction)
        elif chain_state.used:  # cancelled, or paid to another address
            self.close.refuse(payment, NOT_RECEIVED)
        else:
            self.release_if_expired(payment, chain_state)

    def read_chain(self, payment: Payment, *, within: float) -> ChainState:
        if within < _MIN_TIMEOUT_S:
            raise SettlementUnknownError("no time left")
        # Time first: an authorization unused in a later block can only be used after this time.
        network, chain = NETWORKS[payment.network], self.chain.within(within)
        time = chain.time(network)
        used = chain.is_used(network, payment.payer, payment.nonce)
        settled = used and chain.find_settlement(
            network,
            payment.payer,
            payment.nonce,
            since=payment.valid_before - MAX_VALIDITY_S - _CHAIN_MARGIN_S,
            pay_to=self.pay_to,
            amount=payment.amount,
        )
        return ChainState(time=time, used=used, settled=settled or None)

    def release_if_expired(self, payment: Payment, chain_state: ChainState) -> bool:
        """Release an unused payment that can no longer settle. Return whether it was released."""
        if chain_state.time <= payment.valid_before + _CHAIN_MARGIN_S:
            return False
        self.close.release(payment)
        return True
