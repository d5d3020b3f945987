"""Webhooks for all of a tenant's jobs, as registry files and the admin API write them."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from jobs.core.entry import LOOPBACK, Entry
from jobs.core.webhook import Event, Webhook, WebhookRefusedError
from jobs.core.webhook_url import validate_url
from jobs.webhooks.webhook import Subscription


def _check_url(url: str) -> str:
    """Check the URL as a create does, but allow the loopback: only a local stack can reach it."""
    try:
        return validate_url(url, loopback=urlsplit(url).hostname in LOOPBACK)
    except WebhookRefusedError as error:
        raise ValueError(f"a webhook's URL {error}") from error


class WebhookEntry(Entry):
    """Without `events`, the webhook receives all of them."""

    id: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    url: Annotated[str, AfterValidator(_check_url)]
    events: list[Event] = Field(default=[])
    active: bool = True


def to_subscription(tenant: str, entry: WebhookEntry) -> Subscription:
    return Subscription(
        id=entry.id,
        tenant=tenant,
        webhook=Webhook(url=entry.url, events=frozenset(entry.events)),
        active=entry.active,
    )
