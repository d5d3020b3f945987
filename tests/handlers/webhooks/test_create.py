"""The webhook in the body of a create."""

from typing import Any

import pytest

from jobs.core.webhook import Webhook
from tests.handlers.webhooks.conftest import URL


def test_create_with_webhook_stores_webhook(create, world) -> None:
    answer = create(webhook={"url": URL, "events": ["completed", "failed"]})

    [job] = world.repository.all()
    assert answer.status == 201
    assert "webhook" not in answer.body
    assert job.webhook == Webhook(url=URL, events=frozenset({"completed", "failed"}))


def test_create_without_webhook_stores_none(create, world) -> None:
    create()

    [job] = world.repository.all()
    assert job.webhook is None


@pytest.mark.parametrize(
    ("webhook", "error"),
    [
        ("https://hooks.example.com", "webhook: "),
        ({}, "webhook.url: "),
        ({"url": 5}, "webhook.url: "),
        ({"url": ""}, "webhook.url: "),
        ({"url": URL, "events": []}, "webhook.events: "),
        ({"url": URL, "events": ["ended"]}, "webhook.events.0: "),
        ({"url": URL, "events": "completed"}, "webhook.events: "),
        ({"url": "http://hooks.example.com"}, "webhook.url must begin with https://"),
        ({"url": "https://127.0.0.1/"}, "webhook.url must not name an address"),
        ({"url": "https://169.254.169.254/"}, "webhook.url must not name an address"),
        ({"url": "https://me:word@hooks.example.com"}, "webhook.url must have neither"),
    ],
)
def test_create_with_invalid_webhook_returns_400_with_reason(create, world, webhook, error) -> None:
    answer = create(webhook=webhook)

    assert answer.status == 400
    assert answer.body["code"] == "INVALID_REQUEST"
    assert answer.body["error"].startswith(error)
    assert not world.repository.all()


def test_create_same_key_with_other_webhook_returns_409(create) -> None:
    def status(**fields: Any) -> int:
        return create(headers={"Idempotency-Key": "k"}, **fields).status

    webhook = {"url": URL, "events": ["failed"]}

    assert status(webhook=webhook) == status(webhook=webhook) == 201
    assert status(webhook={"url": URL}) == status() == 409


def test_create_with_loopback_allowed_accepts_loopback_url(create, monkeypatch) -> None:
    monkeypatch.setenv("WEBHOOKS_TO_LOOPBACK", "true")

    assert create(webhook={"url": "http://127.0.0.1:8000/in"}).status == 201
    assert create(webhook={"url": "http://10.0.0.1:8000/in"}).status == 400
