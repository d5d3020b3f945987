"""Payments for jobs: what was offered, what was paid, and what became of it.

Amounts are atomic units of USDC (6 decimals), times epoch milliseconds, hashes and addresses
lower-case hex with 0x.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from jobs.domain.job import Millis


class PaymentsMode(StrEnum):
    """Which creates cost something (contract: payments.md)."""

    OFF = "off"
    REQUIRED = "required"
    INSTEAD_OF_KEY = "instead-of-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A chain that USDC is paid on. `domain_*`: the token's EIP-712 domain."""

    name: str
    chain: int
    asset: str
    domain_name: str
    domain_version: str

    @property
    def caip2(self) -> str:
        return f"eip155:{self.chain}"


class PaymentState(StrEnum):
    """CLAIMED: one request is at it. UNKNOWN: money may have moved, nobody has seen it yet."""

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
    """An EIP-3009 authorization as a client signed it, not looked into any further.

    `version` is x402's (1 or 2), `payload` the whole decoded header, which is what a facilitator
    wants back. `valid_before` in seconds since the epoch, as the chain counts.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """The record of one payment and of the job that it is for, kept apart from the job.

    `id` is `auth#chain#payer#nonce` or `tx#chain#hash#logIndex`. `request_hash` tells the same
    request from another one. `job` is the job to be stored once the money is there, as plain
    data; gone when it is. `attempt` is the fence of whoever is at it, `lease_until` its lease.
    """

    id: str
    state: PaymentState
    tenant: str
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
    job: Mapping[str, Any] = field(default_factory=dict)
    authorization: Mapping[str, Any] = field(default_factory=dict)
