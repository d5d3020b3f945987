"""What a message asks to be done, whether it came over HTTP or as an event."""

from jobs.core import wiring as bootstrap
from jobs.core.create_job import NewJob
from jobs.messaging.api import responses as messaging
from jobs.messaging.api.requests import CreateJobBody, fingerprint_body, to_request
from jobs.webhooks import wiring as event_bootstrap
from jobs.webhooks.api.body import webhook_of


def new_job(body: CreateJobBody, *, tenant: str, key: str | None) -> NewJob:
    """Raises `BadRequestError` for a webhook that is refused, and what choosing an agent raises."""
    webhook = webhook_of(body.get("webhook"), loopback=event_bootstrap.to_loopback())
    agent = bootstrap.choose_agent()(tenant, body.get("agentId"))
    return NewJob(
        tenant=tenant,
        dialect=messaging.NAME,
        request=to_request(body, agent.id),
        timeout=body.get("timeoutMs") or bootstrap.default_timeout(),
        idempotency_key=key,
        request_hash=fingerprint_body(body),
        webhook=webhook,
    )
