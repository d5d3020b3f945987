"""The webhook of a request. Imports pydantic: only for functions that validate bodies."""

from typing import Annotated, NotRequired, TypedDict

from pydantic import ConfigDict, Field, with_config

from jobs.core.webhook import Event, Webhook, WebhookRefusedError
from jobs.core.webhook_url import MAX_URL_LENGTH, validate_url
from jobs.kit.http import BadRequestError

URL_HEADER = "X-Webhook-Url"


@with_config(ConfigDict(strict=True, defer_build=True))
class WebhookBody(TypedDict):
    """The receiver of the job's events. Without `events`, it receives all of them."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_URL_LENGTH,
            description="An https address on the public internet",
            json_schema_extra={"format": "uri"},
        ),
    ]
    events: NotRequired[Annotated[list[Event], Field(min_length=1)]]


def webhook_of(body: WebhookBody | None, *, loopback: bool) -> Webhook | None:
    """Return a body's webhook. Raises `BadRequestError` if its URL is not allowed."""
    if body is None:
        return None
    url = _checked(body["url"], "webhook.url", loopback=loopback)
    return Webhook(url=url, events=frozenset(body.get("events", ())))


def webhook_in_header(value: str | None, *, loopback: bool) -> Webhook | None:
    """Return the webhook of a header, for APIs with a given body. Raises `BadRequestError`."""
    if value is None:
        return None
    return Webhook(url=_checked(value, URL_HEADER, loopback=loopback))


def _checked(url: str, name: str, *, loopback: bool) -> str:
    try:
        return validate_url(url, loopback=loopback)
    except WebhookRefusedError as error:
        raise BadRequestError(f"{name} {error}", {name: f"Input {error}"}) from error
