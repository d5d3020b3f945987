"""Find out on the chain what became of an open payment."""

from dataclasses import dataclass
from typing import Final

from jobs.payments.close_payment import ClosePayment
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import NETWORKS, Payment, PaymentState
from jobs.payments.ports import Chain, Settled
from jobs.payments.rules import LONGEST_VALIDITY

NOT_RECEIVED: Final = "payment_not_received"
_UNHURRIED: Final = 45.0
_TOO_SHORT: Final = 3.0
_MARGIN: Final = 60
"""Seconds by which the chain must have passed an authorization's end: nodes lag, and blocks may be
replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the chain says of an authorization, as of a block not older than `time` (seconds)."""

    time: int
    used: bool
    settled: Settled | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilePayment:
    """All raise `SettlementUnknownError` if the chain cannot be read."""

    chain: Chain
    close: ClosePayment
    pay_to: str

    def __call__(self, payment: Payment, *, within: float = _UNHURRIED) -> PaymentState:
        """Close the payment if it can be, and say how; its state as it was if it cannot.

        Asks the chain for no longer than `within` seconds.
        """
        if payment.transaction:  # the money had been seen before it was claimed
            self.close(payment, payment.transaction)
            return PaymentState.SETTLED
        sight = self.look(payment, within=within)
        if sight.settled:
            self.close(payment, sight.settled.transaction)
            return PaymentState.SETTLED
        return self.give_up(payment, sight) or payment.state

    def look(self, payment: Payment, *, within: float) -> Sight:
        if within < _TOO_SHORT:
            raise SettlementUnknownError("no time left")
        # The time first: what is unused in a later block than this can be used in later ones only.
        network, chain = NETWORKS[payment.network], self.chain.within(within)
        time = chain.time(network)
        used = chain.used(network, payment.payer, payment.nonce)
        settled = used and chain.settlement(
            network,
            payment.payer,
            payment.nonce,
            since=payment.valid_before - LONGEST_VALIDITY - _MARGIN,
            pay_to=self.pay_to,
            amount=payment.amount,
        )
        return Sight(time=time, used=used, settled=settled or None)

    def give_up(self, payment: Payment, sight: Sight) -> PaymentState | None:
        """Close a payment that cannot be settled any more; None if it still can be."""
        if sight.used and not sight.settled:  # cancelled, or used to pay somebody else
            self.close.refuse(payment, NOT_RECEIVED)
            return PaymentState.REFUSED
        if sight.time <= payment.valid_before + _MARGIN:
            return None
        self.close.release(payment)
        return PaymentState.RELEASED
