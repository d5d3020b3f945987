"""The webhook that a request names, in its body or in a header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jobs.core.webhook import Webhook, WebhookRefusedError
from jobs.core.webhook_url import validate_url
from jobs.kit.http import BadRequestError

if TYPE_CHECKING:
    from jobs.core.webhook_body import WebhookBody

URL_HEADER: Final = "X-Webhook-Url"


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
