"""GET /api/messaging/jobs: the caller's jobs, newest first."""

from jobs.core import wiring as bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging


def list_jobs(request: Request) -> Response:
    found = bootstrap.list_jobs()(
        request.tenant,
        messaging.NAME,
        limit=messaging.limit_in(request),
        statuses=messaging.statuses_in(request),
        cursor=request.query("cursor"),
    )
    return messaging.listed(found)


lambda_handler = runtime.endpoint(list_jobs, refuse=messaging.refuse, headers=messaging.HEADERS)
