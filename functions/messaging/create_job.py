"""POST /api/messaging/jobs: ask an agent one thing."""

from http import HTTPStatus
from typing import Final

from jobs import bootstrap, event_bootstrap, messaging_endpoint, runtime
from jobs.dialects import messaging
from jobs.dialects.messaging_request import CreateJobBody
from jobs.dialects.webhook_body import webhook_of
from jobs.http import Request, Response
from jobs.services.create_job import NewJob

LONGEST_WAIT_S: Final = 25  # API Gateway gives up after 29


def create_job(request: Request) -> Response:
    until = bootstrap.now() + LONGEST_WAIT_S * 1000
    create, tenant = messaging_endpoint.creating(request)
    body = CreateJobBody.of(request.json())
    key, wait = request.idempotency_key(), request.wait(at_most=LONGEST_WAIT_S)
    webhook = webhook_of(body.webhook, loopback=event_bootstrap.to_loopback())
    agent = bootstrap.choose_agent()(tenant, body.agentId)
    job = create(
        NewJob(
            tenant=tenant,
            dialect=messaging.NAME,
            request=body.request(agent.id),
            timeout=body.timeoutMs or bootstrap.default_timeout(),
            idempotency_key=key,
            request_hash=body.fingerprint(),
            webhook=webhook,
        )
    )
    longest = min((wait or 0) * 1000, until - bootstrap.now())
    ended = bootstrap.wait_for_job()(job, at_most=longest) if longest > 0 else None
    if ended is None:
        return messaging.created(job)
    return Response(HTTPStatus.OK, messaging.job(ended), {"Preference-Applied": f"wait={wait}"})


lambda_handler = runtime.endpoint(
    create_job, refuse=messaging_endpoint.refuse, headers=messaging.HEADERS
)
