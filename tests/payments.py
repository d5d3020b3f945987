"""A ledger that replaces chain and facilitator in tests."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from jobs.kit.errors import RefusedError, UnavailableError
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import NETWORKS, Authorization, Network, Terms, authorization_id
from jobs.payments.ports import Receipt, Refused, Settled, Transfer
from tests.support import NOON, FrozenClock

BASE: Final = NETWORKS["base"]
PAY_TO: Final = "0x" + "Ab" * 20
PAYER: Final = "0x" + "1c" * 20
NONCE: Final = "0x" + "5e" * 32
PAYMENT_ID: Final = authorization_id(BASE, PAYER, NONCE)
PRICE: Final = 20_000
TERMS: Final = Terms(price=PRICE, pay_to=PAY_TO, networks=[BASE, NETWORKS["polygon"]])
SOON: Final = NOON // 1000 + 120

type Effect = Callable[[], object]


def an_authorization(**about: Any) -> Authorization:
    """Make a valid authorization; pass only the fields that the test needs."""
    sane: dict[str, Any] = {
        "version": 1,
        "network": BASE,
        "payer": PAYER,
        "nonce": NONCE,
        "amount": PRICE,
        "pay_to": PAY_TO,
        "valid_after": 0,
        "valid_before": SOON,
        "payload": {},
    }
    return Authorization(**sane | about)


def a_header(version: int = 1, **about: Any) -> str:
    """Encode a payment header; `about` replaces fields of the authorization's JSON."""
    signed = {
        "from": PAYER,
        "to": PAY_TO,
        "value": str(PRICE),
        "validAfter": "0",
        "validBefore": str(SOON),
        "nonce": NONCE,
    }
    accepted = {"scheme": "exact", "network": "base" if version == 1 else BASE.caip2}
    payload: dict[str, Any] = {
        "x402Version": version,
        "payload": {"signature": "0x" + "00" * 65, "authorization": signed | about},
    }
    if version == 1:
        payload |= accepted
    else:
        payload["accepted"] = accepted | {"asset": BASE.asset, "amount": str(PRICE)}
    return encoded(payload)


def encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def decoded(text: str) -> Any:
    return json.loads(base64.b64decode(text))


class Killed(BaseException):
    """Lambda has killed the function."""


class Unsteady:
    """An adapter whose next calls fail with `faults`.

    `unavailable` and `killed` prevent the effect; `lost` and `killed after` follow it.
    """

    def __init__(self, inside: Any) -> None:
        self._inside = inside
        self.faults: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            fault = self.faults.pop(0) if self.faults else ""
            if fault in FAILURES:
                raise FAILURES[fault]
            result = getattr(self._inside, name)(*args, **kwargs)
            if fault in ENDINGS:
                raise ENDINGS[fault]
            return result

        return call


FAILURES: Final = {
    "unavailable": UnavailableError("table"),
    "refused for good": RefusedError("table"),
    "killed": Killed(),
}
ENDINGS: Final = {"lost": UnavailableError("table"), "killed after": Killed()}


@dataclass(frozen=True)
class Use:
    """The use of an authorization, in a block of this time (seconds)."""

    pay_to: str
    amount: int
    time: int


@dataclass
class Ledger:
    """Facilitator and chain in one. `faults` lists the faults of the next calls of each method.

    `unknown`, `unavailable`, `killed` and `refused <reason>` prevent the effect; `lost` and
    `killed after` follow it.

    `moved` and `cancelled` have ids of payments; `behind` the seconds by which a network's
    newest block is old.
    """

    clock: FrozenClock
    funds: int = 1_000_000
    behind: dict[str, int] = field(default_factory=dict)
    moved: dict[str, Use] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    faults: dict[str, list[str]] = field(default_factory=dict)
    meanwhile: dict[str, Effect] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    hurried: list[float] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    requirements: list[Mapping[str, Any]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def verify(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Refused | None:
        assert timeout <= 6
        self.requirements.append(requirements)
        inject = self._call("verify")
        return inject(lambda: self._refusal(authorization))

    def settle(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Settled | Refused:
        assert timeout <= 18
        self.timeouts.append(timeout)
        self.requirements.append(requirements)

        def settled() -> Settled | Refused:
            if refused := self._refusal(authorization):
                return refused
            return Settled(transaction=self.move(authorization), payer=authorization.payer)

        return self._call("settle")(settled)

    def within(self, seconds: float) -> Self:
        assert seconds > 0
        self.hurried.append(seconds)
        return self

    def is_working(self, network: Network) -> bool:
        return network.name not in self.broken

    def find_receipt(self, network: Network, transaction: str, *, pay_to: str) -> Receipt | None:
        return self._call("receipt")(lambda: self.receipts.get(transaction))

    def is_used(self, network: Network, payer: str, nonce: str) -> bool:
        payment = authorization_id(network, payer, nonce)
        return self._call("used")(lambda: payment in self.moved or payment in self.cancelled)

    def find_settlement(  # noqa: PLR0913
        self, network: Network, payer: str, nonce: str, *, since: int, pay_to: str, amount: int
    ) -> Settled | None:
        payment = authorization_id(network, payer, nonce)

        def found() -> Settled | None:
            if payment in self.cancelled:
                return None
            use = self.moved.get(payment)
            if use is None or use.time < since:
                raise SettlementUnknownError(nonce)
            paid = use.pay_to.lower() == pay_to.lower() and use.amount >= amount
            return Settled(transaction=transaction_of(nonce), payer=payer) if paid else None

        return self._call("settlement")(found)

    def time(self, network: Network) -> int:
        return self._call("time")(lambda: self._time(network))

    # ── Actions of tests ──

    def move(self, authorization: Authorization, *, amount: int | None = None) -> str:
        """Use the authorization without the facilitator; return the transaction."""
        moved = authorization.amount if amount is None else amount
        assert authorization.payment_id not in self.moved
        self.moved[authorization.payment_id] = Use(
            pay_to=authorization.pay_to, amount=moved, time=self._time(authorization.network)
        )
        self.funds -= moved
        return transaction_of(authorization.nonce)

    def _refusal(self, authorization: Authorization) -> Refused | None:
        if authorization.payment_id in self.moved or authorization.payment_id in self.cancelled:
            return Refused(reason="payment_already_used")
        if authorization.valid_before <= self.clock() // 1000:
            return Refused(reason="payment_expired")
        if authorization.amount > self.funds:
            return Refused(reason="insufficient_funds")
        return None

    def _time(self, network: Network) -> int:
        return self.clock() // 1000 - self.behind.get(network.name, 0)

    def _call(self, name: str) -> Callable[[Callable[[], Any]], Any]:
        self.calls.append(name)
        faults = self.faults.get(name, [])
        fault = faults.pop(0) if faults else ""
        self.meanwhile.pop(name, lambda: None)()

        def act(effect: Callable[[], Any]) -> Any:
            if fault == "unknown":
                raise SettlementUnknownError(name)
            if fault == "unavailable":
                raise UnavailableError(name)
            if fault == "no secret":
                raise RefusedError(name)
            if fault == "killed":
                raise Killed
            if fault.startswith("refused"):
                return Refused(reason=fault.partition(" ")[2])
            result = effect()
            if fault == "lost":
                raise SettlementUnknownError(name)
            if fault == "killed after":
                raise Killed
            return result

        return act


def transaction_of(nonce: str) -> str:
    return "0x" + nonce[2:][::-1]


def a_receipt(*transfers: Transfer, **about: Any) -> Receipt:
    receipt = Receipt(
        succeeded=True, confirmations=100, mined_at=NOON // 1000 - 60, transfers=transfers
    )
    return replace(receipt, **about)


def a_transfer(**about: Any) -> Transfer:
    sane: dict[str, Any] = {"log_index": 3, "payer": PAYER, "amount": PRICE}
    return Transfer(**sane | about)
