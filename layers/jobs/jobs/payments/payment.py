"""Payments for jobs.

Amounts are atomic units of USDC (6 decimals), times epoch milliseconds; payers, nonces and
transactions lower-case hex with 0x. Assets and recipients have checksummed case, as wallets
expect: compare them in lower case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Self

from jobs.core.job import Job, JobRef
from jobs.core.webhook import Webhook
from jobs.kit.clock import Millis


class PaymentsMode(StrEnum):
    """Which creates need a payment (contract: payments.md)."""

    OFF = "off"
    REQUIRED = "required"
    INSTEAD_OF_KEY = "instead-of-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A chain with USDC. `domain_*`: the token's EIP-712 domain."""

    name: str
    chain: int
    asset: str
    domain_name: str
    domain_version: str

    @property
    def caip2(self) -> str:
        return f"eip155:{self.chain}"


NETWORKS: Final[Mapping[str, Network]] = {
    each.name: each
    for each in (
        Network(
            name="base",
            chain=8453,
            asset="0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
            domain_name="USD Coin",
            domain_version="2",
        ),
        Network(
            name="polygon",
            chain=137,
            asset="0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359",
            domain_name="USD Coin",
            domain_version="2",
        ),
        Network(
            name="base-sepolia",
            chain=84532,
            asset="0x036CbD53842c5426634e7929541eC2318f3dCF7e",
            domain_name="USDC",
            domain_version="2",
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The price of a job, its recipient, and the accepted networks in order."""

    price: int
    pay_to: str
    networks: Sequence[Network]


class PaymentState(StrEnum):
    """CLAIMED: a request has reserved it. UNKNOWN: money may have moved."""

    CLAIMED = "claimed"
    SETTLED = "settled"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    RELEASED = "released"

    @property
    def is_open(self) -> bool:
        return self in {PaymentState.CLAIMED, PaymentState.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A parsed EIP-3009 authorization, not yet verified.

    `version` is x402's (1 or 2), `payload` the decoded header, which the facilitator receives.
    `valid_after` and `valid_before` in seconds since the epoch.
    """

    version: int
    network: Network
    payer: str
    nonce: str
    amount: int
    pay_to: str
    valid_after: int
    valid_before: int
    payload: Mapping[str, Any]

    @property
    def payment_id(self) -> str:
        return authorization_id(self.network, self.payer, self.nonce)


def authorization_id(network: Network, payer: str, nonce: str) -> str:
    """Return the id of a payment by an authorization, the same for all ways to present it."""
    return f"auth#{network.chain}#{payer}#{nonce}"


def transfer_id(network: Network, transaction: str, log_index: int) -> str:
    """Return the id of a payment by a transfer without an authorization."""
    return f"tx#{network.chain}#{transaction}#{log_index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment and the job that it pays for.

    `id` is `auth#chain#payer#nonce` or `tx#chain#hash#logIndex`. `request_hash` identifies the
    request. `job` has the fields of the job (`request`, `timeout`, `retention`, `webhook`) until
    the payment is closed. `attempt` is the fencing token of the request that holds the lease until
    `lease_until`. `transaction` is set once it is known. `valid_before` in seconds; `version` is
    x402's, 0 for a transaction hash. `key_id` is that of the request's API key, if any.
    """

    id: str
    state: PaymentState
    tenant: str
    kind: str
    job_id: str
    request_hash: str
    network: str
    payer: str
    amount: int
    created_at: Millis
    changed_at: Millis
    lease_until: Millis
    attempt: int = 1
    version: int = 0
    valid_before: int = 0
    transaction: str = ""
    reason: str = ""
    key_id: str | None = None
    job: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> JobRef:
        return JobRef(tenant=self.tenant, kind=self.kind, id=self.job_id)

    @property
    def nonce(self) -> str:
        """The nonce of the payment's authorization."""
        return self.id.rsplit("#", 1)[-1]

    def is_leased(self, now: Millis) -> bool:
        return self.state.is_open and now < self.lease_until

    def take_over(self, *, now: Millis, lease: Millis) -> Self:
        return replace(
            self,
            state=PaymentState.CLAIMED,
            attempt=self.attempt + 1,
            lease_until=now + lease,
            changed_at=now,
        )

    def leave_open(self, *, now: Millis) -> Self:
        """End the lease of a payment whose settlement is unknown."""
        return replace(self, state=PaymentState.UNKNOWN, lease_until=0, changed_at=now)

    def settle(self, transaction: str, *, now: Millis) -> Self:
        return replace(self._close(PaymentState.SETTLED, now), transaction=transaction)

    def refuse(self, reason: str, *, now: Millis) -> Self:
        return replace(self._close(PaymentState.REFUSED, now), reason=reason)

    def release(self, *, now: Millis) -> Self:
        """Close a payment that moved no money and was not refused."""
        return self._close(PaymentState.RELEASED, now)

    def _close(self, state: PaymentState, now: Millis) -> Self:
        return replace(self, state=state, changed_at=now, lease_until=0, job={})

    def to_job(self, *, now: Millis) -> Job:
        """Return the job of an open payment; its timeout runs from now."""
        return Job(
            id=self.job_id,
            tenant=self.tenant,
            kind=self.kind,
            request=self.job["request"],
            created_at=now,
            changed_at=now,
            deadline=now + self.job["timeout"],
            retention=self.job["retention"],
            webhook=_webhook_from_data(self.job.get("webhook")),
            key_id=self.key_id,
        )


def webhook_to_data(webhook: Webhook | None) -> Mapping[str, Any] | None:
    """Serialize the webhook for the payment's record."""
    return {"url": webhook.url, "events": sorted(webhook.events)} if webhook else None


def _webhook_from_data(data: Mapping[str, Any] | None) -> Webhook | None:
    return Webhook(url=data["url"], events=frozenset(data["events"])) if data else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedPayment:
    """The payment of a tenant's Idempotency-Key."""

    tenant: str
    key: str
    payment_id: str
    request_hash: str
    expires_at: Millis
