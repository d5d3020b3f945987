"""What creating a job costs whom, and how it is paid for. Imported only where payments are on."""

from dataclasses import dataclass, replace

from jobs.core.create_job import NewJob
from jobs.core.job import Job
from jobs.kit.http import BadRequestError, Request, Response
from jobs.payments.api import x402_headers, x402_offer
from jobs.payments.close_payment import Paid
from jobs.payments.errors import PaymentRefusedError
from jobs.payments.pay_by_transaction import Proof
from jobs.payments.pay_for_job import Order
from jobs.payments.payment import PAYERS, PaymentsMode
from jobs.payments.wiring import wiring


@dataclass(frozen=True, slots=True)
class Till:
    """Where one request is paid for. `tenant` is whose the job will be."""

    tenant: str
    request: Request

    def __call__(self, new: NewJob) -> Job:
        """Create the job, once it is paid for, and tell the payer by which transaction it is.

        Raises `BadRequestError`, `PaymentRefusedError`, `SettlementUnknownError`.
        """
        if self.tenant == PAYERS and new.webhook:  # nobody has a secret to check it with
            raise BadRequestError("webhook needs an API key: it is signed with its tenant's secret")
        paid = self._paid(new)
        self.request.answer_headers.update(x402_headers.settled(paid.payment))
        return paid.job

    def _paid(self, new: NewJob) -> Paid:
        old, signed = (self.request.header(name) for name in (x402_headers.V1, x402_headers.V2))
        if old and signed:
            raise BadRequestError(f"Pay by {x402_headers.V1} or by {x402_headers.V2}, not by both")
        if old and x402_headers.is_transaction(old):
            return self._paid_by_transaction(new, old)
        version, header = (1, old) if old else (2, signed or "")
        terms = wiring.terms
        authorization = x402_headers.authorization(header, version=version, networks=terms.networks)
        requirements = x402_offer.to_requirements(
            terms, authorization.network, _resource(self.request), version=version
        )
        order = Order(
            new=self._keyed(new, authorization.payer),
            authorization=authorization,
            requirements=requirements,
        )
        return wiring.pay_for_job(order)

    def _paid_by_transaction(self, new: NewJob, header: str) -> Paid:
        if not wiring.transactions_are_taken:
            raise BadRequestError("Payments by a transaction's hash are not taken here")
        signature = self.request.header(x402_headers.SIGNATURE)
        signed = wiring.transactions_are_signed
        proof = Proof(
            network=x402_headers.named(
                self.request.header(x402_headers.NETWORK), wiring.terms.networks
            ),
            transaction=x402_headers.transaction(header),
            body=self.request.content,
            signature=x402_headers.signature(signature) if signed else None,
        )
        return wiring.pay_by_transaction(self._keyed(new, proof.transaction), proof)

    def _keyed(self, new: NewJob, owner: str) -> NewJob:
        """Give each payer keys of its own: all of them together are one tenant."""
        if self.tenant != PAYERS or new.idempotency_key is None:
            return new
        return replace(new, idempotency_key=f"{owner}#{new.idempotency_key}")


def till(request: Request) -> Till | None:
    """Return where to pay, None where a key is enough.

    Raises `PaymentRefusedError` for a request without any payment.
    """
    payers = wiring.mode == PaymentsMode.INSTEAD_OF_KEY
    if payers and wiring.keys_are_free and request.header("x-api-key"):
        return None
    if not (request.header(x402_headers.V1) or request.header(x402_headers.V2)):
        raise PaymentRefusedError(x402_offer.REQUIRED)
    return Till(PAYERS if payers else request.tenant, request)


def offer(refused: PaymentRefusedError, request: Request) -> Response:
    """Say what the job costs, and why it is not paid for yet."""
    return x402_offer.payment_required_response(wiring.terms, _resource(request), code=refused.code)


def _resource(request: Request) -> str:
    """Return the URL of what is paid for."""
    return f"{wiring.public_url or request.base_url}/api/messaging/jobs"
