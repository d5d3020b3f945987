"""A tenant's webhooks as operators manage them."""

from collections.abc import Mapping
from typing import Any, Final

from jobs.core.entry import parse_entry
from jobs.core.resource import Resource
from jobs.webhooks.adapters.subscriptions import from_row, to_row
from jobs.webhooks.entries import WebhookEntry, to_subscription
from jobs.webhooks.webhook import Subscription


def _parse(tenant: str, fields: Mapping[str, Any]) -> Subscription:
    return to_subscription(tenant, parse_entry(WebhookEntry, fields))


def _show(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "url": subscription.webhook.url,
        "events": sorted(subscription.webhook.events),
        "active": subscription.active,
    }


WEBHOOKS: Final[Resource[Subscription]] = Resource(
    name="webhooks", label="WEBHOOK", parse=_parse, show=_show, to_row=to_row, from_row=from_row
)
