"""The messaging API's endpoints that payments change; while they are off, nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.auth.api_key import PAYERS
from jobs.core.create_job import NewJob
from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.rate_limit import RateLimitedError
from jobs.kit.error_table import ErrorTable, error_response
from jobs.kit.errors import UnavailableError
from jobs.kit.http import Request, Response
from jobs.kit.lambda_handler import logger
from jobs.messaging.api import responses as messaging
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError
from jobs.payments.wiring import wiring

if TYPE_CHECKING:
    from jobs.kit.types import Error

type Create = Callable[[NewJob], Job]

_ERRORS: Final[ErrorTable] = {
    SettlementUnknownError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "settlement_unknown",
        "The payment is not confirmed yet: repeat the same request, it is not charged twice",
    ),
}


def authorize_create(request: Request) -> tuple[Create, str]:
    """Return the use case that creates this request's job, and the job's tenant.

    API Gateway's authorizer and this function change modes at different moments of a deployment.
    If the authorizer lets payers in and this function does not know them yet, it serves none.

    Raises `PaymentRefusedError` if a required payment is missing, `UnavailableError` for a payer
    in a mode that needs keys.
    """
    if request.tenant == PAYERS and wiring.mode != "instead-of-key":
        raise UnavailableError("a request without a key: the authorizer has another mode")
    if wiring.mode != "off":
        from jobs.payments.api import checkout  # noqa: PLC0415 - only if payments are on

        if create := checkout.require_payment(request):
            return create, create.tenant
    return wiring.messaging.create_and_send, request.tenant


def handle_error(error: Exception, request: Request) -> Response:
    if isinstance(error, PaymentRefusedError):
        from jobs.payments.api import checkout  # noqa: PLC0415 - only if payments are on

        try:
            return checkout.payment_required_response(error, request)
        except UnavailableError as unavailable:  # there is nothing to offer
            logger.error("no network can be offered", extra={"reason": str(unavailable)})
            return messaging.handle_error(unavailable, request)
    if isinstance(error, RateLimitedError):
        return messaging.limited_response(error, wiring.core.clock())
    if isinstance(error, SettlementUnknownError):
        return unknown_response(error)
    return messaging.handle_error(error, request)


def unknown_response(error: SettlementUnknownError) -> Response[Error]:
    response = error_response(_ERRORS, error, retry_after_s=error.retry_after)
    body: Error = {**response.body, "errorClass": error.failure_class.value}
    return replace(response, body=body)


def read_job(ref: JobRef) -> Job:
    """Return a job of the tenant, or one that was paid for without an API key.

    Raises `JobNotFoundError`.
    """
    get_job = wiring.core.get_job
    try:
        return get_job(ref)
    except JobNotFoundError:
        if wiring.mode != "instead-of-key":
            raise
        return get_job(replace(ref, tenant=PAYERS))
