"""POST /api/messaging/jobs/{jobId}/cancel: stop a job that has not ended."""

from http import HTTPStatus

from jobs import bootstrap, runtime
from jobs.dialects import messaging
from jobs.http import Request, Response


def cancel_job(request: Request) -> Response:
    job = bootstrap.cancel_job()(messaging.ref_in(request))
    return Response(HTTPStatus.OK, messaging.job(job))


lambda_handler = runtime.endpoint(cancel_job, refuse=messaging.refuse, headers=messaging.HEADERS)
