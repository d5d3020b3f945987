"""What a registry file says of webhooks that are told of all of a tenant's jobs."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from jobs.domain.errors import WebhookRefusedError
from jobs.domain.webhook import Event, Subscription, Webhook
from jobs.domain.webhook_url import checked_url


def _url(url: str) -> str:
    try:
        return checked_url(url, loopback=True)  # a deployed stack sends nothing there all the same
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
