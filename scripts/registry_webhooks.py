"""What a registry file says of webhooks that are told of all of a tenant's jobs."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from jobs.core.errors import WebhookRefusedError
from jobs.webhooks.url import checked_url
from jobs.webhooks.webhook import Event, Subscription, Webhook

_HERE: Final = {"127.0.0.1", "::1", "localhost"}


def _url(url: str) -> str:
    """Check as a create does. This machine may be named: only its own stack sends anything here."""
    try:
        return checked_url(url, loopback=urlsplit(url).hostname in _HERE)
    except WebhookRefusedError as error:
        raise ValueError(f"a webhook's URL {error}") from error


class WebhookEntry(BaseModel):
    """Without events, it is told of all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    url: Annotated[str, AfterValidator(_url)]
    events: list[Event] = []
    active: bool = True


def to_subscription(tenant: str, entry: WebhookEntry) -> Subscription:
    return Subscription(
        id=entry.id,
        tenant=tenant,
        webhook=Webhook(url=entry.url, events=frozenset(entry.events)),
        active=entry.active,
    )
