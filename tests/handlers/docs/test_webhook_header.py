"""X-Webhook-Url: the webhook of a docs job."""

import pytest

from jobs.core.webhook import Webhook

URL = "https://hooks.example.com/in"


@pytest.fixture
def create(call):
    return lambda **headers: call(
        "create_job_v2", json_body={"prompt": "say Hello"}, headers=headers
    )


def test_create_with_webhook_header_stores_webhook(create, world) -> None:
    answer = create(**{"x-webhook-url": URL})

    [job] = world.repository.all()
    assert answer.status == 201
    assert job.webhook == Webhook(url=URL)


@pytest.mark.parametrize("url", ["", "http://hooks.example.com", "https://10.0.0.1/", "nowhere"])
def test_webhook_header_invalid_returns_400(create, world, url) -> None:
    answer = create(**{"X-Webhook-Url": url})

    assert answer.status == 400
    assert answer.body["error"].startswith("X-Webhook-Url must ")
    assert not world.repository.all()


def test_same_key_with_other_webhook_returns_409(create) -> None:
    key = {"Idempotency-Key": "k"}

    statuses = [create(**key, **extra).status for extra in ({}, {"X-Webhook-Url": URL}, {})]

    assert statuses == [201, 409, 201]


@pytest.mark.parametrize(
    ("header", "webhook"), [({}, URL), ({"X-Webhook-Url": f"{URL}2"}, f"{URL}2")]
)
def test_follow_up_inherits_webhook_unless_given(call, stored, world, header, webhook) -> None:
    stored(webhook=Webhook(url=URL))

    call("message_job_v2", headers=header)

    assert [job.webhook.url for job in world.repository.all()] == [URL, webhook]
