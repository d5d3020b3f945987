"""Tell webhooks of changes: what is to be sent is written down first, then handed to workers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.core.changes import JobChange
from jobs.core.webhook import EVENTS, Webhook
from jobs.kit.clock import Clock
from jobs.webhooks.ports import DeliveryLog, DeliveryQueue, Describe, Subscriptions
from jobs.webhooks.webhook import DeliveryRef, WebhookDelivery, delivery_id

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
        """Return how many deliveries there are. Harmless when repeated: they are the same ones."""
        planned = [each for change in changes for each in self._of(change)]
        for delivery in planned:
            self.log.plan(delivery)
        if planned:
            self.queue.send([
                DeliveryRef(tenant=each.ref.tenant, job_id=each.ref.id, id=each.id)
                for each in planned
            ])  # fmt: skip
        return len(planned)

    def _of(self, change: JobChange) -> Iterator[WebhookDelivery]:
        if change.status is None:
            return
        event = EVENTS[change.status]
        for subscription, webhook in self._webhooks(change):
            if webhook.wants(event):
                yield WebhookDelivery(
                    id=delivery_id(change.ref, change.sequence, subscription),
                    ref=change.ref,
                    sequence=change.sequence,
                    event=event,
                    url=webhook.url,
                    body=self._body(change, event),
                    planned_at=self.clock(),
                    subscription=subscription,
                )

    def _webhooks(self, change: JobChange) -> Iterator[tuple[str | None, Webhook]]:
        if change.webhook is not None:
            yield None, change.webhook
        for each in self.subscriptions.standing(change.ref.tenant):
            yield each.id, each.webhook

    def _body(self, change: JobChange, event: str) -> str:
        data = self.describe(change)
        told: WebhookMessage = {
            "type": f"job.{event}",
            "timestamp": data["occurredAt"],
            "data": data,
        }
        return json.dumps(told, separators=(",", ":"))
