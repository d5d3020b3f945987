"""GET /api/messaging/jobs/{jobId}: one job as it is now."""

from http import HTTPStatus

from jobs import messaging_endpoint, runtime
from jobs.dialects import messaging
from jobs.http import Request, Response


def get_job(request: Request) -> Response:
    job = messaging_endpoint.found(messaging.ref_in(request))
    return Response(HTTPStatus.OK, messaging.job(job))


lambda_handler = runtime.endpoint(get_job, refuse=messaging.refuse, headers=messaging.HEADERS)
