"""Deliver a webhook once more, whatever its state."""

from dataclasses import dataclass, replace
from typing import Final

from jobs.webhooks.errors import DeliveryExhaustedError
from jobs.webhooks.ports import DeliveryLog, DeliveryQueue, Receivers
from jobs.webhooks.webhook import DeliveryRef, DeliveryState, PlannedAttempt, WebhookDelivery

_MAX_STORED_ATTEMPTS: Final = 200
"""All attempts of a delivery are in one DynamoDB item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeliverWebhook:
    log: DeliveryLog
    queue: DeliveryQueue
    receivers: Receivers

    def __call__(self, tenant: str, delivery_id: str) -> WebhookDelivery:
        """Queue a delivery again and return it, now pending. Ends a pause of its receiver.

        Raises `DeliveryNotFoundError`, `DeliveryExhaustedError`.
        """
        delivery = self.log.find(tenant, delivery_id)
        if len(delivery.attempts) >= _MAX_STORED_ATTEMPTS:
            raise DeliveryExhaustedError(delivery_id)
        self.log.reopen(delivery)
        self.receivers.reset(delivery.receiver)
        ref = DeliveryRef(tenant=tenant, job_id=delivery.ref.id, id=delivery.id)
        self.queue.send([PlannedAttempt(ref=ref, index=len(delivery.attempts))])
        return replace(delivery, state=DeliveryState.PENDING)
