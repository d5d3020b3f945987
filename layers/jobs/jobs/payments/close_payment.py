"""The money is there: store the job that it was paid for, then close the payment's record."""

from contextlib import suppress
from dataclasses import dataclass

from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.kit.errors import UnavailableError
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError, StalePaymentError
from jobs.payments.payment import Payment
from jobs.payments.ports import Payments


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A job, and the settled payment that it was created for."""

    job: Job
    payment: Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePayment:
    repository: JobRepository
    payments: Payments
    clock: Clock

    def __call__(self, payment: Payment, transaction: str) -> Paid:
        """Store the job of an open payment. Harmless when repeated, by whomever.

        The job comes first: a crash in between leaves an open record, which whoever reconciles it
        closes. So a record that cannot be written just now need not bother the caller. Raises
        `SettlementUnknownError` if the job cannot be stored: it is paid, and must be.
        """
        job = payment.paid_job(now=self.clock())
        try:
            self.repository.add(job)
        except UnavailableError as error:
            self.leave_open(payment)
            raise SettlementUnknownError(payment.id) from error
        settled = payment.settle(transaction, now=self.clock())
        self._save(settled, replacing=payment)
        return Paid(job=job, payment=settled) if payment.attempt == 1 else self.again(settled)

    def again(self, payment: Payment) -> Paid:
        """Return the job of a settled payment. Raises `PaymentRefusedError` if it is long gone."""
        try:
            return Paid(job=self.repository.get(payment.ref).as_of(self.clock()), payment=payment)
        except JobNotFoundError as error:
            raise PaymentRefusedError("payment_already_used") from error

    def leave_open(self, payment: Payment) -> None:
        """Let the next one who comes find out about it, or a worker."""
        self._save(payment.leave_open(now=self.clock()), replacing=payment)

    def refuse(self, payment: Payment, reason: str) -> None:
        self._save(payment.refuse(reason, now=self.clock()), replacing=payment)

    def release(self, payment: Payment) -> None:
        self._save(payment.release(now=self.clock()), replacing=payment)

    def _save(self, payment: Payment, *, replacing: Payment) -> None:
        """As far as possible: where it is not, the lease runs out, and the chain is asked."""
        with suppress(StalePaymentError, UnavailableError):
            self.payments.save(payment, replacing=replacing)
