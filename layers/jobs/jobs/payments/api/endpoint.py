"""What payments change about the messaging API's endpoints. Where they are off: nothing at all."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from jobs.core.create_job import NewJob
from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.kit.error_table import ErrorTable, error_response
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError
from jobs.payments.wiring import wiring

type Create = Callable[[NewJob], Job]

_ERRORS: Final[ErrorTable] = {
    SettlementUnknownError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "settlement_unknown",
        "The payment is not confirmed yet: repeat the same request, it is not charged twice",
    ),
}


def creating(request: Request) -> tuple[Create, str]:
    """Return how this request's job is created, and whose it will be.

    Raises `PaymentRefusedError` for a request without the payment that it needs.
    """
    if wiring.mode != "off":
        from jobs.payments.api import checkout as paid_endpoint  # noqa: PLC0415 - see above

        if till := paid_endpoint.till(request):
            return till, till.tenant
    return wiring.core.create_job, request.tenant


def refuse(error: Exception, request: Request) -> Response:
    if isinstance(error, PaymentRefusedError):
        from jobs.payments.api import checkout as paid_endpoint  # noqa: PLC0415 - see above

        return paid_endpoint.offer(error, request)
    if isinstance(error, SettlementUnknownError):
        return error_response(_ERRORS, error, retry_after_s=error.retry_after)
    return messaging.refuse(error, request)


def found(ref: JobRef) -> Job:
    """Read a job; one that was paid for instead of shown a key for, too.

    Raises `JobNotFoundError`.
    """
    get_job = wiring.core.get_job
    try:
        return get_job(ref)
    except JobNotFoundError:
        if wiring.mode != "instead-of-key":
            raise
        from jobs.payments.payment import PAYERS  # noqa: PLC0415 - see above

        return get_job(replace(ref, tenant=PAYERS))
