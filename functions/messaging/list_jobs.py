"""GET /api/messaging/jobs: list the caller's jobs, newest first."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.messaging.message import KIND
from jobs.messaging.wiring import wiring


def list_jobs(request: Request) -> Response:
    found = wiring.core.list_jobs(
        request.tenant,
        KIND,
        limit=messaging.parse_limit(request),
        statuses=messaging.parse_statuses(request),
        cursor=request.query("cursor"),
    )
    return messaging.list_response(found)


lambda_handler = runtime.endpoint(
    list_jobs,
    on_error=messaging.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.core.list_jobs,
)
