"""Ports of payments, in addition to `jobs.core.ports`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from jobs.kit.clock import Millis
from jobs.payments.payment import Authorization, KeyedPayment, Network, Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The payment was made, by this transaction."""

    transaction: str
    payer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The facilitator refuses the payment, with a reason of x402 (`insufficient_funds`, …).

    No money has moved or will move.
    """

    reason: str


class Facilitator(Protocol):
    """Verifies authorizations and settles them on the chain.

    Both methods raise `SettlementUnknownError` if the result is unknown (no answer, a malformed
    one, `settlement_pending`, refused credentials), and `UnavailableError` if nothing was sent.
    `requirements` is the entry of the 402 response, in the authorization's version; timeouts are
    seconds.
    """

    def verify(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Refused | None: ...

    def settle(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Settled | Refused: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A USDC transfer to us. `nonce`: of the AuthorizationUsed event before it, if any."""

    log_index: int
    payer: str
    amount: int
    nonce: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The receipt of a mined transaction. `mined_at` in seconds; `transfers` in log order."""

    succeeded: bool
    confirmations: int
    mined_at: int
    transfers: Sequence[Transfer]


class Chain(Protocol):
    """Chains, read over JSON-RPC.

    Raises `SettlementUnknownError` if one cannot be read, also where its chain id is another.
    """

    def within(self, seconds: float) -> Self:
        """Return the same chains, for questions that take no longer than this in all."""

    def is_working(self, network: Network) -> bool:
        """Return whether the network's node answers, and is of this network. Never raises."""

    def find_receipt(self, network: Network, transaction: str, *, pay_to: str) -> Receipt | None:
        """Return the receipt, with the transfers of the network's asset to `pay_to` only."""

    def is_used(self, network: Network, payer: str, nonce: str) -> bool:
        """Return whether an authorization was used or cancelled, as of the newest block."""

    def find_settlement(  # noqa: PLR0913 - identifies the payment
        self, network: Network, payer: str, nonce: str, *, since: int, pay_to: str, amount: int
    ) -> Settled | None:
        """Return the transaction that used an authorization to pay us, since a time in seconds.

        None if it was cancelled, or paid another address, or less than `amount`: a payer can sign
        a nonce twice. Raises `SettlementUnknownError` if no use is found: the node may lag.
        """

    def time(self, network: Network) -> int:
        """Return the newest block's time, in seconds."""


class Recover(Protocol):
    def __call__(self, message: bytes, signature: str) -> str | None:
        """Return the address that signed a message (`personal_sign`), None if invalid."""


class Payments(Protocol):
    """The records of payments; each write is conditional on state and attempt."""

    def reserve(
        self,
        payment: Payment,
        *,
        replacing: Payment | None,
        key: KeyedPayment | None = None,
        replacing_key: KeyedPayment | None = None,
    ) -> bool:
        """Store a reservation, with its key if any. Return whether this call stored it.

        Requires that no record exists, or that the replaced ones are unchanged. A retry after a
        lost answer returns True.
        """

    def find(self, payment_id: str) -> Payment | None: ...

    def find_key(self, tenant: str, key: str) -> KeyedPayment | None: ...

    def save(self, payment: Payment, *, replacing: Payment) -> None:
        """Raises `StalePaymentError` if the record is no longer `replacing`."""


class PaymentTimers(Protocol):
    def follow(self, payment: Payment, *, at: Millis) -> None:
        """Watch an open payment until it is closed. Idempotent."""
