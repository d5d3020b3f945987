"""POST /api/messaging/jobs/{jobId}/cancel: stop a job that has not ended."""

from http import HTTPStatus

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.messaging.wiring import wiring


def cancel_job(request: Request) -> Response:
    job = wiring.core.cancel_job(messaging.parse_ref(request))
    return Response(HTTPStatus.OK, messaging.to_job(job))


lambda_handler = runtime.endpoint(
    cancel_job,
    on_error=messaging.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.core.cancel_job,
)
