"""Close a payment; for a settled one, store its job first."""

from contextlib import suppress
from dataclasses import dataclass

from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job
from jobs.core.ports import JobRepository
from jobs.core.send_early import SendEarly
from jobs.kit.clock import Clock
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError, StalePaymentError
from jobs.payments.payment import Payment
from jobs.payments.ports import Payments


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidJob:
    """A job, and the settled payment that it was created for."""

    job: Job
    payment: Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePayment:
    """`send_early` is for payers who wait for the job."""

    repository: JobRepository
    payments: Payments
    clock: Clock
    send_early: SendEarly | None = None

    def __call__(self, payment: Payment, transaction: str) -> PaidJob:
        """Store the job of a payment whose transaction is known. Idempotent.

        The job is stored first: a crash in between leaves an open record, and reconciling closes
        it. So a failed write of the record does not fail the request. Raises
        `SettlementUnknownError` if the job cannot be stored.
        """
        job = payment.to_job(now=self.clock())
        try:
            self.repository.add(job)
        except (UnavailableError, RefusedError) as error:
            self.leave_open(payment)
            raise SettlementUnknownError(payment.id) from error
        settled = payment.settle(transaction, now=self.clock())
        self._save(settled, replacing=payment)
        if payment.attempt > 1:  # an earlier attempt may have stored the job
            return self.find_job(settled)
        if self.send_early:
            self.send_early(job.ref)
        return PaidJob(job=job, payment=settled)

    def find_job(self, payment: Payment) -> PaidJob:
        """Return the job of a settled payment. Raises `PaymentRefusedError` if it has expired.

        Raises `SettlementUnknownError` if it cannot be read: a payer must not pay again.
        """
        try:
            job = self.repository.get(payment.ref).as_of(self.clock())
        except JobNotFoundError as error:
            raise PaymentRefusedError("payment_already_used") from error
        except (UnavailableError, RefusedError) as error:
            raise SettlementUnknownError(payment.id) from error
        return PaidJob(job=job, payment=payment)

    def leave_open(self, payment: Payment) -> None:
        """End the lease, so that the next request or a worker reconciles the payment."""
        self._save(payment.leave_open(now=self.clock()), replacing=payment)

    def refuse(self, payment: Payment, reason: str) -> None:
        self._save(payment.refuse(reason, now=self.clock()), replacing=payment)

    def release(self, payment: Payment) -> None:
        self._save(payment.release(now=self.clock()), replacing=payment)

    def _save(self, payment: Payment, *, replacing: Payment) -> None:
        """Best effort: after a failed write the lease expires and the payment is reconciled."""
        with suppress(StalePaymentError, UnavailableError):
            self.payments.save(payment, replacing=replacing)
