"""POST /api/messaging/jobs: send a message to an agent."""

from http import HTTPStatus
from typing import Final

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.messaging.api.requests import parse_create_job
from jobs.messaging.wiring import wiring
from jobs.payments.api import endpoint as paid

MAX_WAIT_S: Final = 25  # API Gateway's timeout is 29 s


def create_job(request: Request) -> Response:
    until = wiring.core.clock() + MAX_WAIT_S * 1000
    create, tenant = paid.authorize_create(request)
    body = parse_create_job(request.json())
    key, wait = request.idempotency_key(), request.wait(max_s=MAX_WAIT_S)
    job = create(wiring.read_message(body, tenant=tenant, key=key))
    remaining = min((wait or 0) * 1000, until - wiring.core.clock())
    ended = wiring.core.wait_for_job(job, timeout=remaining) if remaining > 0 else None
    if ended is None:
        return messaging.created_response(job)
    return Response(HTTPStatus.OK, messaging.to_job(ended), {"Preference-Applied": f"wait={wait}"})


lambda_handler = runtime.endpoint(create_job, on_error=paid.handle_error, headers=messaging.HEADERS)
