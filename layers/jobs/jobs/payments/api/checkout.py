"""Payments for creates. Imported only if payments are on."""

from dataclasses import dataclass, replace

from jobs.auth.api_key import PAYERS
from jobs.core.create_job import NewJob
from jobs.core.job import Job
from jobs.kit.http import BadRequestError, Request, Response
from jobs.payments.api import x402_headers, x402_offer
from jobs.payments.close_payment import PaidJob
from jobs.payments.errors import PaymentRefusedError
from jobs.payments.pay_by_transaction import Proof
from jobs.payments.pay_for_job import Order
from jobs.payments.payment import PaymentsMode
from jobs.payments.wiring import wiring


@dataclass(frozen=True, slots=True)
class Checkout:
    """Creates one request's job for a payment; `tenant` will own the job."""

    tenant: str
    request: Request

    def __call__(self, new: NewJob) -> Job:
        """Create the job once it is paid, and add the receipt to the response headers.

        Raises `BadRequestError`, `PaymentRefusedError`, `SettlementUnknownError`.
        """
        if self.tenant == PAYERS and new.webhook:  # payers have no signing secret
            raise BadRequestError("webhook needs an API key: it is signed with its tenant's secret")
        paid = self._pay(new)
        self.request.answer_headers.update(x402_headers.response_headers(paid.payment))
        return paid.job

    def _pay(self, new: NewJob) -> PaidJob:
        v1, v2 = (self.request.header(name) for name in (x402_headers.V1, x402_headers.V2))
        version, header = x402_headers.choose_header(v1, v2)
        if version == 1 and x402_headers.is_transaction(header):
            return self._pay_by_transaction(new, header)
        terms = wiring.terms
        authorization = x402_headers.parse_authorization(
            header, version=version, networks=terms.networks
        )
        requirements = x402_offer.to_requirements(
            terms, authorization.network, _resource(self.request), version=version
        )
        order = Order(
            new=self._scope_key(new, authorization.payer),
            authorization=authorization,
            requirements=requirements,
        )
        return wiring.pay_for_job(order)

    def _pay_by_transaction(self, new: NewJob, header: str) -> PaidJob:
        if not wiring.accepts_transactions:
            raise BadRequestError("Payments by transaction hash are not accepted here")
        signature = self.request.header(x402_headers.SIGNATURE)
        signed = wiring.requires_signatures
        proof = Proof(
            network=x402_headers.parse_network(
                self.request.header(x402_headers.NETWORK), wiring.terms.networks
            ),
            transaction=x402_headers.parse_transaction(header),
            body=self.request.content,
            signature=x402_headers.parse_signature(signature) if signed else None,
        )
        return wiring.pay_by_transaction(self._scope_key(new, proof.transaction), proof)

    def _scope_key(self, new: NewJob, owner: str) -> NewJob:
        """Make the Idempotency-Key unique per owner, as all payers share one tenant."""
        if self.tenant != PAYERS or new.idempotency_key is None:
            return new
        return replace(new, idempotency_key=f"{owner}#{new.idempotency_key}")


def require_payment(request: Request) -> Checkout | None:
    """Return the request's checkout, or None if its API key is enough.

    Raises `PaymentRefusedError` if the payment is missing.
    """
    replaces_key = wiring.mode == PaymentsMode.INSTEAD_OF_KEY
    if replaces_key and wiring.keys_are_free and request.tenant != PAYERS:
        return None
    if not (request.header(x402_headers.V1) or request.header(x402_headers.V2)):
        raise PaymentRefusedError(x402_offer.REQUIRED)
    return Checkout(PAYERS if replaces_key else request.tenant, request)


def payment_required_response(refused: PaymentRefusedError, request: Request) -> Response:
    """Return the 402 response to a missing or refused payment. Raises `UnavailableError`."""
    return x402_offer.payment_required_response(
        wiring.offered_terms, _resource(request), code=refused.code
    )


def _resource(request: Request) -> str:
    """Return the URL of the paid resource."""
    return f"{wiring.public_url or request.base_url}/api/messaging/jobs"
