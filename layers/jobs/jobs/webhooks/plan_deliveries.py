"""Plan the webhook deliveries of job changes: store each delivery, then queue it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.core.changes import JobChange
from jobs.core.webhook import EVENTS, Webhook
from jobs.kit.clock import Clock
from jobs.webhooks.ports import DeliveryLog, DeliveryQueue, Describe, Subscriptions
from jobs.webhooks.webhook import DeliveryRef, PlannedAttempt, WebhookDelivery, delivery_id

if TYPE_CHECKING:
    from jobs.webhooks.api.types import WebhookMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDeliveries:
    subscriptions: Subscriptions
    log: DeliveryLog
    queue: DeliveryQueue
    describe: Describe
    clock: Clock

    def __call__(self, changes: Sequence[JobChange]) -> int:
        """Return the number of deliveries. Idempotent: a replay gives the same deliveries."""
        planned = [delivery for change in changes for delivery in self._deliveries_of(change)]
        if planned:
            self.log.plan_all(planned)
            self.queue.send([_first_attempt(delivery) for delivery in planned])
        return len(planned)

    def _deliveries_of(self, change: JobChange) -> Iterator[WebhookDelivery]:
        if change.status is None or change.is_import:
            return
        event = EVENTS[change.status]
        for subscription_id, webhook in self._webhooks_of(change):
            if webhook.matches(event):
                yield WebhookDelivery(
                    id=delivery_id(change.ref, change.sequence, subscription_id),
                    ref=change.ref,
                    sequence=change.sequence,
                    event=event,
                    url=webhook.url,
                    body=self._body(change, event),
                    planned_at=self.clock(),
                    subscription=subscription_id,
                    key_id=change.key_id,
                )

    def _webhooks_of(self, change: JobChange) -> Iterator[tuple[str | None, Webhook]]:
        if change.webhook is not None:
            yield None, change.webhook
        for subscription in self.subscriptions.list_active(change.ref.tenant):
            yield subscription.id, subscription.webhook

    def _body(self, change: JobChange, event: str) -> str:
        data = self.describe(change)
        message: WebhookMessage = {
            "type": f"job.{event}",
            "timestamp": data["occurredAt"],
            "data": data,
        }
        return json.dumps(message, separators=(",", ":"))


def _first_attempt(delivery: WebhookDelivery) -> PlannedAttempt:
    ref = DeliveryRef(tenant=delivery.ref.tenant, job_id=delivery.ref.id, id=delivery.id)
    return PlannedAttempt(ref=ref)
