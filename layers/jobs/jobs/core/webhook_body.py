"""How callers say whom to tell of a job; only for functions that take a body, as it is pydantic."""

from typing import Annotated, NotRequired, TypedDict

from pydantic import ConfigDict, Field, with_config

from jobs.core.webhook import Event, Webhook, WebhookRefusedError
from jobs.core.webhook_url import LONGEST, checked_url
from jobs.kit.http import BadRequestError

URL_HEADER = "X-Webhook-Url"


@with_config(ConfigDict(strict=True, defer_build=True))
class WebhookBody(TypedDict):
    """Whom to tell what becomes of the job. Without events, it is told of all of them."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST,
            description="An https address on the public internet",
            json_schema_extra={"format": "uri"},
        ),
    ]
    events: NotRequired[Annotated[list[Event], Field(min_length=1)]]


def webhook_of(body: WebhookBody | None, *, loopback: bool) -> Webhook | None:
    """Raises `BadRequestError` if the URL is none that we send anything to."""
    if body is None:
        return None
    url = _checked(body["url"], "webhook.url", loopback=loopback)
    return Webhook(url=url, events=frozenset(body.get("events", ())))


def webhook_in_header(value: str | None, *, loopback: bool) -> Webhook | None:
    """Read the header of an API whose bodies are another's. Raises `BadRequestError`."""
    if value is None:
        return None
    return Webhook(url=_checked(value, URL_HEADER, loopback=loopback))


def _checked(url: str, name: str, *, loopback: bool) -> str:
    try:
        return checked_url(url, loopback=loopback)
    except WebhookRefusedError as error:
        raise BadRequestError(f"{name} {error}", {name: f"Input {error}"}) from error
