"""Who has claimed a payment, and the payment that an Idempotency-Key stands for."""

from dataclasses import dataclass
from typing import Final

from jobs.core.create_job import KEY_LIFE, NewJob
from jobs.core.errors import IdempotencyConflictError
from jobs.core.ids import new_job_id
from jobs.kit.clock import Clock, Millis
from jobs.payments.close_payment import ClosePayment, Paid
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import KeyedPayment, Network, Payment, PaymentState, webhook_data
from jobs.payments.ports import Payments
from jobs.payments.reconcile_payment import ReconcilePayment

LEASE: Final[Millis] = 40_000
"""Longer than a request can last: whoever still holds a claim after it is gone."""

_LOOKING: Final = 10.0
BUSY: Final = 2
"""Seconds after which to ask again about a payment that another request is at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What is offered for a job; the fields are a `Payment`'s."""

    id: str
    network: Network
    payer: str
    amount: int
    version: int = 0
    valid_before: int = 0
    transaction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentClaims:
    payments: Payments
    reconcile: ReconcilePayment
    close: ClosePayment
    clock: Clock
    retention: Millis

    def by_key(self, new: NewJob, *, own: str = "") -> Paid | KeyedPayment | None:
        """Return the job that the request's Idempotency-Key stands for.

        Or the key itself, if it may stand for this request: for its `own` payment, or for one that
        came to nothing. Raises `IdempotencyConflictError`, and `SettlementUnknownError` as long as
        another payment under this key is open.
        """
        if new.idempotency_key is None:
            return None
        key = self.payments.find_key(new.tenant, new.idempotency_key)
        if key is None:
            return None
        if key.request_hash != request_hash(new):
            raise IdempotencyConflictError
        if key.payment_id == own:
            return key
        payment = self.payments.find(key.payment_id)
        if payment and payment.state.is_open and not payment.is_leased(self.clock()):
            self.reconcile(payment, within=_LOOKING)
            payment = self.payments.find(key.payment_id)
        if payment is None or not belongs(payment, new):
            return key
        return self.outcome(payment) or key

    def outcome(self, payment: Payment) -> Paid | None:
        """Return the job of a settled payment, None of one that came to nothing.

        Raises `SettlementUnknownError` for one that is open.
        """
        if payment.state is PaymentState.SETTLED:
            return self.close.again(payment)
        if payment.state.is_open:
            raise SettlementUnknownError(payment.id, retry_after=BUSY)
        return None

    def take(
        self,
        claim: Payment,
        new: NewJob,
        *,
        replacing: Payment | None,
        replacing_key: KeyedPayment | None,
    ) -> bool:
        """Store a claim, and that the request's key stands for it; False if another was quicker."""
        key = new.idempotency_key
        if key is None:
            return self.payments.claim(claim, replacing=replacing)
        return self.payments.claim(
            claim,
            replacing=replacing,
            key=KeyedPayment(
                tenant=new.tenant,
                key=key,
                payment_id=claim.id,
                request_hash=claim.request_hash,
                expires_at=self.clock() + KEY_LIFE,
            ),
            replacing_key=replacing_key,
        )

    def of(self, new: NewJob, offered: Offered, *, replacing: Payment | None) -> Payment:
        """Make a claim of a payment for a request."""
        now = self.clock()
        return Payment(
            id=offered.id,
            state=PaymentState.CLAIMED,
            tenant=new.tenant,
            kind=new.kind,
            job_id=new_job_id(now),
            request_hash=request_hash(new),
            network=offered.network.name,
            payer=offered.payer,
            amount=offered.amount,
            created_at=now,
            changed_at=now,
            lease_until=now + LEASE,
            attempt=replacing.attempt + 1 if replacing else 1,
            version=offered.version,
            valid_before=offered.valid_before,
            transaction=offered.transaction,
            job={
                "request": new.request,
                "timeout": new.timeout,
                "retention": self.retention,
                "webhook": webhook_data(new.webhook),
            },
        )


def request_hash(new: NewJob) -> str:
    """Tell a request from others, those of other tenants too."""
    return f"{new.tenant}#{new.request_hash}"


def belongs(payment: Payment, new: NewJob) -> bool:
    """Whether a payment was presented with this same request."""
    return payment.request_hash == request_hash(new)
