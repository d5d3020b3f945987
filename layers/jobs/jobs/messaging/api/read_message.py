"""Turn the body of a create, from HTTP or an event, into a new job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.core.create_job import NewJob
from jobs.core.webhook_request import webhook_of
from jobs.kit.clock import Millis
from jobs.messaging.api.create_body import fingerprint_body, to_request
from jobs.messaging.api.create_rules import check_timeout_of_agent
from jobs.messaging.choose_agent import ChooseAgent
from jobs.messaging.message import KIND

if TYPE_CHECKING:
    from jobs.messaging.api.requests import CreateJobBody


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage:
    """`loopback`: whether webhook URLs may point to this machine."""

    choose_agent: ChooseAgent
    default_timeout: Millis
    loopback: bool

    def __call__(
        self, body: CreateJobBody, *, tenant: str, key: str | None, key_id: str | None = None
    ) -> NewJob:
        """Return the new job, with its agent. `key` is for idempotency, `key_id` the caller's.

        Raises `BadRequestError` for an invalid webhook or a timeout that the agent does not allow,
        and the errors of `ChooseAgent`.
        """
        webhook = webhook_of(body.get("webhook"), loopback=self.loopback)
        agent = self.choose_agent(tenant, body.get("agentId"))
        timeout = body.get("timeoutMs")
        check_timeout_of_agent(timeout, agent.max_timeout)
        return NewJob(
            tenant=tenant,
            kind=KIND,
            request=to_request(body, agent.id),
            timeout=timeout or agent.timeout or self.default_timeout,
            idempotency_key=key,
            request_hash=fingerprint_body(body),
            webhook=webhook,
            key_id=key_id,
        )
