"""Reserve payments for requests, and find the payment of an Idempotency-Key."""

from dataclasses import dataclass
from typing import Final

from jobs.core.create_job import IDEMPOTENCY_KEY_TTL_MS, NewJob
from jobs.core.errors import IdempotencyConflictError
from jobs.core.ids import new_job_id
from jobs.kit.clock import Clock, Millis
from jobs.payments.close_payment import ClosePayment, PaidJob
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import KeyedPayment, Network, Payment, PaymentState, webhook_to_data
from jobs.payments.ports import Payments
from jobs.payments.reconcile_payment import ReconcilePayment

LEASE_MS: Final[Millis] = 40_000
"""Longer than any request: after it, a reservation belongs to a request that died."""

_RECONCILE_TIMEOUT_S: Final = 10.0
BUSY_RETRY_S: Final = 2
"""`Retry-After` while another request has reserved the payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDetails:
    """The payment that a request presents; the fields are those of `Payment`."""

    id: str
    network: Network
    payer: str
    amount: int
    version: int = 0
    valid_before: int = 0
    transaction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReservations:
    payments: Payments
    reconcile: ReconcilePayment
    close: ClosePayment
    clock: Clock
    retention: Millis
    shards: int = 1

    def find_by_key(self, new: NewJob) -> PaidJob | KeyedPayment | None:
        """Return the paid job of the request's Idempotency-Key, or None for an unknown key.

        Returns the key itself if this request may use it: its payment was not settled for it.
        Raises `IdempotencyConflictError`, and `SettlementUnknownError` while a payment with this
        key is open.
        """
        if new.idempotency_key is None:
            return None
        key = self.payments.find_key(new.tenant, new.idempotency_key)
        if key is None:
            return None
        if key.request_hash != request_hash(new):
            raise IdempotencyConflictError
        payment = self.payments.find(key.payment_id)
        if payment and payment.state.is_open and not payment.is_leased(self.clock()):
            self.reconcile(payment, within=_RECONCILE_TIMEOUT_S)
            payment = self.payments.find(key.payment_id)
        if payment is None or not is_same_request(payment, new):
            return key
        return self.resolve(payment) or key

    def resolve(self, payment: Payment) -> PaidJob | None:
        """Return the job of a settled payment, or None for a refused or released one.

        Raises `SettlementUnknownError` for an open payment.
        """
        if payment.state is PaymentState.SETTLED:
            return self.close.find_job(payment)
        if payment.state.is_open:
            raise SettlementUnknownError(payment.id, retry_after=BUSY_RETRY_S)
        return None

    def store(
        self,
        reservation: Payment,
        new: NewJob,
        *,
        replacing: Payment | None,
        replacing_key: KeyedPayment | None,
    ) -> bool:
        """Store a reservation with the request's key. Return False if another request won."""
        key = new.idempotency_key
        if key is None:
            return self.payments.reserve(reservation, replacing=replacing)
        return self.payments.reserve(
            reservation,
            replacing=replacing,
            key=KeyedPayment(
                tenant=new.tenant,
                key=key,
                payment_id=reservation.id,
                request_hash=reservation.request_hash,
                expires_at=self.clock() + IDEMPOTENCY_KEY_TTL_MS,
            ),
            replacing_key=replacing_key,
        )

    def prepare(
        self, new: NewJob, details: PaymentDetails, *, replacing: Payment | None
    ) -> Payment:
        """Return a reservation of a payment for a request."""
        now = self.clock()
        return Payment(
            id=details.id,
            state=PaymentState.CLAIMED,
            tenant=new.tenant,
            kind=new.kind,
            job_id=new_job_id(now, shards=self.shards),
            request_hash=request_hash(new),
            network=details.network.name,
            payer=details.payer,
            amount=details.amount,
            created_at=now,
            changed_at=now,
            lease_until=now + LEASE_MS,
            attempt=replacing.attempt + 1 if replacing else 1,
            version=details.version,
            valid_before=details.valid_before,
            transaction=details.transaction,
            key_id=new.key_id,
            job={
                "request": new.request,
                "timeout": new.timeout,
                "retention": self.retention,
                "webhook": webhook_to_data(new.webhook),
            },
        )


def request_hash(new: NewJob) -> str:
    """Return the hash that identifies a request within and across tenants."""
    return f"{new.tenant}#{new.request_hash}"


def is_same_request(payment: Payment, new: NewJob) -> bool:
    """Whether the payment was presented with this request."""
    return payment.request_hash == request_hash(new)
