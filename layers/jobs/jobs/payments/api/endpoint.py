"""What payments change about the messaging API's endpoints. Where they are off: nothing at all."""

from collections.abc import Callable
from dataclasses import replace

from jobs.core import wiring as bootstrap
from jobs.core.create_job import NewJob
from jobs.core.errors import JobNotFoundError, PaymentRefusedError
from jobs.core.job import Job, JobRef
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging

type Create = Callable[[NewJob], Job]


def creating(request: Request) -> tuple[Create, str]:
    """Return how this request's job is created, and whose it will be.

    Raises `PaymentRefusedError` for a request without the payment that it needs.
    """
    if bootstrap.payments() != "off":
        from jobs.payments.api import checkout as paid_endpoint  # noqa: PLC0415 - see above

        if till := paid_endpoint.till(request):
            return till, till.tenant
    return bootstrap.create_job(), request.tenant


def refuse(error: Exception, request: Request) -> Response:
    if isinstance(error, PaymentRefusedError):
        from jobs.payments.api import checkout as paid_endpoint  # noqa: PLC0415 - see above

        return paid_endpoint.offer(error, request)
    return messaging.refuse(error, request)


def found(ref: JobRef) -> Job:
    """Read a job; one that was paid for instead of shown a key for, too.

    Raises `JobNotFoundError`.
    """
    get_job = bootstrap.get_job()
    try:
        return get_job(ref)
    except JobNotFoundError:
        if bootstrap.payments() != "instead-of-key":
            raise
        from jobs.payments.payment import PAYERS  # noqa: PLC0415 - see above

        return get_job(replace(ref, tenant=PAYERS))
