"""What a message's body asks for, whether it came over HTTP or in an event."""

from dataclasses import dataclass

from jobs.core.create_job import NewJob
from jobs.core.webhook_body import webhook_of
from jobs.kit.clock import Millis
from jobs.messaging.api.requests import CreateJobBody, fingerprint_body, to_request
from jobs.messaging.choose_agent import ChooseAgent
from jobs.messaging.message import KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage:
    """`loopback`: whether webhooks may go to this machine."""

    choose_agent: ChooseAgent
    default_timeout: Millis
    loopback: bool

    def __call__(self, body: CreateJobBody, *, tenant: str, key: str | None) -> NewJob:
        """Return the job that a body asks for, with its agent chosen.

        Raises `BadRequestError` for a webhook that is refused, and what `ChooseAgent` raises.
        """
        webhook = webhook_of(body.get("webhook"), loopback=self.loopback)
        agent = self.choose_agent(tenant, body.get("agentId"))
        return NewJob(
            tenant=tenant,
            kind=KIND,
            request=to_request(body, agent.id),
            timeout=body.get("timeoutMs") or self.default_timeout,
            idempotency_key=key,
            request_hash=fingerprint_body(body),
            webhook=webhook,
        )
