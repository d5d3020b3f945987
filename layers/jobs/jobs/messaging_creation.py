"""What a message asks to be done, whether it came over HTTP or as an event."""

from jobs import bootstrap, event_bootstrap
from jobs.dialects import messaging
from jobs.dialects.messaging_request import CreateJobBody
from jobs.dialects.webhook_body import webhook_of
from jobs.services.create_job import NewJob


def new_job(body: CreateJobBody, *, tenant: str, key: str | None) -> NewJob:
    """Raises `BadRequestError` for a webhook that is refused, and what choosing an agent raises."""
    webhook = webhook_of(body.webhook, loopback=event_bootstrap.to_loopback())
    agent = bootstrap.choose_agent()(tenant, body.agentId)
    return NewJob(
        tenant=tenant,
        dialect=messaging.NAME,
        request=body.request(agent.id),
        timeout=body.timeoutMs or bootstrap.default_timeout(),
        idempotency_key=key,
        request_hash=body.fingerprint(),
        webhook=webhook,
    )
