"""The usage of webhooks: each attempt that was made."""

from jobs.core.usage import ATTEMPTS, WEBHOOKS, Usage, UsageLog, day_of
from jobs.webhooks.webhook import WebhookDelivery


def usage_of_delivery(delivery: WebhookDelivery) -> UsageLog:
    return UsageLog(
        id=f"{delivery.ref.tenant}#delivery#{delivery.id}",
        entries=[
            Usage(
                tenant=delivery.ref.tenant,
                day=day_of(attempt.at),
                source=WEBHOOKS,
                counts={ATTEMPTS: 1} if attempt.was_made else {},
                key_id=delivery.key_id,
            )
            for attempt in delivery.attempts
        ],
    )
