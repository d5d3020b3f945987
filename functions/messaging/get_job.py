"""GET /api/messaging/jobs/{jobId}: read a job."""

from http import HTTPStatus

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.payments.api import endpoint as paid
from jobs.payments.wiring import wiring


def get_job(request: Request) -> Response:
    job = paid.read_job(messaging.parse_ref(request))
    return Response(HTTPStatus.OK, messaging.to_job(job))


lambda_handler = runtime.endpoint(
    get_job,
    on_error=messaging.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.core.get_job,
)
