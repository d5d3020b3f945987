"""POST /api/messaging/jobs: send a message to an agent."""

from http import HTTPStatus
from typing import Final

from jobs.auth.api_key import PAYERS
from jobs.core.rate_headers import rate_headers
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.messaging.api.create_body import parse_create_job
from jobs.messaging.wiring import wiring
from jobs.payments.api import endpoint as paid

MAX_WAIT_S: Final = 25  # API Gateway's timeout is 29 s


def create_job(request: Request) -> Response:
    until = wiring.core.clock() + MAX_WAIT_S * 1000
    create, tenant = paid.authorize_create(request)
    body = parse_create_job(request.json())
    key, wait = request.idempotency_key(), request.wait(max_s=MAX_WAIT_S)
    if tenant != PAYERS:  # who share one tenant: each message costs them its price instead
        request.answer_headers.update(rate_headers(wiring.limit_messages(tenant, key)))
    key_id = request.key_id if tenant == request.tenant else None  # not the key of a payer
    job = create(wiring.read_message(body, tenant=tenant, key=key, key_id=key_id))
    remaining = min((wait or 0) * 1000, until - wiring.core.clock())
    if remaining <= 0:
        return messaging.created_response(job)
    job = wiring.core.wait_for_job(job, timeout=remaining)
    if not job.status.is_terminal:
        return messaging.created_response(job)
    return Response(HTTPStatus.OK, messaging.to_job(job), {"Preference-Applied": f"wait={wait}"})


lambda_handler = runtime.endpoint(
    create_job,
    on_error=paid.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: (
        wiring.create_and_send,
        wiring.limit_messages,
        wiring.read_message,
        wiring.core.wait_for_job,
    ),
)
