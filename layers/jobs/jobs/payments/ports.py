"""What payments need from the outside world beside `jobs.core.ports`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from jobs.kit.clock import Millis
from jobs.payments.payment import Authorization, KeyedPayment, Network, Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Money has moved: by this transaction, from this payer."""

    transaction: str
    payer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The facilitator says no, for one of x402's own reasons (`insufficient_funds`, …).

    No money has moved, and none is on its way.
    """

    reason: str


class Facilitator(Protocol):
    """Checks authorizations, and puts them on the chain. Nothing it says is shown but `Refused`.

    Both raise `SettlementUnknownError` when it cannot be told what has happened: no answer, an
    answer that is none, `settlement_pending`, our own credentials refused; `UnavailableError` when
    nothing has been sent. `requirements` is the offer's entry, in the form of the authorization's
    version; timeouts are seconds.
    """

    def verify(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Refused | None: ...

    def settle(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Settled | Refused: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A Transfer of USDC to us in a transaction. `nonce`: of the AuthorizationUsed before it."""

    log_index: int
    payer: str
    amount: int
    nonce: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A transaction that is on the chain. `mined_at` in seconds; `transfers` in their order."""

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

    def receipt(self, network: Network, transaction: str, *, pay_to: str) -> Receipt | None:
        """Return the receipt, with the transfers of the network's asset to `pay_to` only."""

    def used(self, network: Network, payer: str, nonce: str) -> bool:
        """Tell whether an authorization has been used, or cancelled, as of the newest block."""

    def settlement(  # noqa: PLR0913 - all that it is known by
        self, network: Network, payer: str, nonce: str, *, since: int, pay_to: str, amount: int
    ) -> Settled | None:
        """Find the transaction that used an authorization to pay us, from this second on.

        None for one that was cancelled, or paid somebody else, or less than `amount`: a payer can
        sign another authorization with the same nonce. Raises `SettlementUnknownError` if there is
        no trace of it: the node may not know of its newest use yet.
        """

    def time(self, network: Network) -> int:
        """Return the newest block's time, in seconds."""


class Recover(Protocol):
    def __call__(self, message: bytes, signature: str) -> str | None:
        """Return the address that signed a message (`personal_sign`), None if nobody did."""


class Payments(Protocol):
    """The records of payments: each change a conditional write on state and attempt."""

    def claim(
        self,
        payment: Payment,
        *,
        replacing: Payment | None,
        key: KeyedPayment | None = None,
        replacing_key: KeyedPayment | None = None,
    ) -> bool:
        """Store a claim, with its key if it has one, where there is none yet.

        Or where there still is what they replace; False if not. One whose answer was lost is
        found again, and True.
        """

    def find(self, payment_id: str) -> Payment | None: ...

    def find_key(self, tenant: str, key: str) -> KeyedPayment | None: ...

    def save(self, payment: Payment, *, replacing: Payment) -> None:
        """Raises `StalePaymentError` if it is no longer as `replacing`."""


class PaymentTimers(Protocol):
    def follow(self, payment: Payment, *, at: Millis) -> None:
        """See to it that an open payment is looked at until it is closed; idempotent."""
