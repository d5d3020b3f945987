"""Payments with two clients, one authorization and scripted failures."""

from typing import Any, Final

from jobs.core.create_job import NewJob
from jobs.core.webhook import Webhook
from jobs.payments.close_payment import ClosePayment, PaidJob
from jobs.payments.pay_by_transaction import PayByTransaction, Proof
from jobs.payments.pay_for_job import Order, PayForJob
from jobs.payments.payment import Authorization, PaymentState
from jobs.payments.reconcile_payment import ReconcilePayment
from jobs.payments.reservations import PaymentReservations
from jobs.payments.watch_payment import WatchPayment
from tests.databases import Jobs, Payments
from tests.payments import BASE, PAY_TO, TERMS, Ledger, Unsteady, an_authorization
from tests.support import HOUR, FrozenClock

HASH: Final = "0x" + "fa" * 32


class PaymentWorld:
    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.ledger = Ledger(clock)
        self.stored = Payments(clock)
        self.jobs = Jobs(clock)
        self.payments = Unsteady(self.stored)
        self.repository: Any = Unsteady(self.jobs)
        close = ClosePayment(repository=self.repository, payments=self.payments, clock=clock)
        self.reconcile = ReconcilePayment(chain=self.ledger, close=close, pay_to=PAY_TO)
        self.reservations = PaymentReservations(
            payments=self.payments,
            reconcile=self.reconcile,
            close=close,
            clock=clock,
            retention=24 * HOUR,
        )
        self.watch = WatchPayment(payments=self.payments, reconcile=self.reconcile, clock=clock)
        self.pay_for_job = PayForJob(
            reservations=self.reservations,
            payments=self.payments,
            facilitator=self.ledger,
            terms=TERMS,
            clock=clock,
        )
        self.pay_by_transaction = PayByTransaction(
            reservations=self.reservations,
            payments=self.payments,
            chain=self.ledger,
            recover=lambda _, signature: signature,
            terms=TERMS,
            confirmations=12,
            clock=clock,
        )

    @property
    def state(self) -> PaymentState:
        """The state of the only payment."""
        [payment] = self.stored.all()
        return payment.state

    def pay(
        self,
        body: str = "Hello",
        key: str | None = None,
        authorization: Authorization | None = None,
    ) -> PaidJob:
        offered = authorization or an_authorization()
        return self.pay_for_job(
            Order(new=a_new_job(body, key), authorization=offered, requirements={})
        )

    def show(self, body: str = "Hello", key: str | None = None, **about: Any) -> PaidJob:
        sane: dict[str, Any] = {
            "network": BASE,
            "transaction": HASH,
            "body": body.encode(),
            "signature": an_authorization().payer,
        }
        return self.pay_by_transaction(a_new_job(body, key), Proof(**sane | about))


def a_new_job(
    body: str = "Hello",
    key: str | None = None,
    tenant: str = "acme",
    webhook: Webhook | None = None,
) -> NewJob:
    return NewJob(
        tenant=tenant,
        kind="messaging",
        request={"content": body},
        timeout=30_000,
        idempotency_key=key,
        request_hash=body,
        webhook=webhook,
    )
