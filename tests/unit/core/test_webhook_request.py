"""Webhooks in request bodies and headers."""

import pytest

from jobs.core.webhook import Webhook
from jobs.core.webhook_request import webhook_in_header, webhook_of
from jobs.kit.http import BadRequestError

URL = "https://example.com/hook"
LOOPBACK = "http://127.0.0.1:9000/hook"
REASON = "must begin with https://"


def test_webhook_in_body_with_events_names_url_and_events() -> None:
    body = {"url": URL, "events": ["completed", "failed"]}

    webhook = webhook_of(body, loopback=False)

    assert webhook == Webhook(url=URL, events=frozenset({"completed", "failed"}))


@pytest.mark.parametrize("url", [URL, LOOPBACK])
def test_webhook_with_only_a_url_receives_all_events(url) -> None:
    assert webhook_of({"url": url}, loopback=True) == Webhook(url=url)
    assert webhook_in_header(url, loopback=True) == Webhook(url=url)


def test_absent_webhook_is_none() -> None:
    assert webhook_of(None, loopback=False) is None
    assert webhook_in_header(None, loopback=False) is None


def test_refused_url_in_body_is_reported_with_the_field() -> None:
    with pytest.raises(BadRequestError) as error:
        webhook_of({"url": LOOPBACK}, loopback=False)

    assert str(error.value) == f"webhook.url {REASON}"
    assert error.value.details == {"webhook.url": f"Input {REASON}"}


def test_refused_url_in_header_is_reported_with_the_header() -> None:
    with pytest.raises(BadRequestError) as error:
        webhook_in_header(LOOPBACK, loopback=False)

    assert str(error.value) == f"X-Webhook-Url {REASON}"
    assert error.value.details == {"X-Webhook-Url": f"Input {REASON}"}
