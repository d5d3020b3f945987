"""Faults between a job's change and its webhook receiver."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import receiver
from tests.e2e.api import eventually
from tests.e2e.cloud import Cloud
from tests.e2e.webhooks.deliveries import deliveries, until


@pytest.fixture
def _soon(cloud: Cloud) -> Iterator[None]:
    """Shorten the visibility timeout, so that a dead worker's message returns soon."""
    sqs, queue = cloud.client("sqs"), cloud.stack.outputs["WebhookQueueUrl"]
    name = "VisibilityTimeout"
    before = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: "12"})
    yield
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=before)


@pytest.mark.usefixtures("_soon")
def test_killed_worker_leaves_its_delivery_to_another(cloud, api, secret, server) -> None:
    server.then(receiver.never_respond, receiver.status(204))
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    eventually(lambda: len(server.received), lambda count: count == 1)

    assert cloud.kill("DeliverWebhook") >= 1

    [found] = until(api, job_id, "delivered")
    assert [each["status"] for each in found["attempts"]] == [204]
    assert len(server.received) == 2
    assert len({each.headers["webhook-id"] for each in server.received}) == 1
    assert len({json.dumps(each.verified(secret)) for each in server.received}) == 1


def test_repeated_delivery_message_is_sent_once(cloud, api, secret, server) -> None:
    cloud.purge("WebhookQueueUrl")
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    [found] = until(api, job_id, "delivered")
    ref = {"tenant": api.tenant, "jobId": job_id, "deliveryId": found["deliveryId"]}

    for _ in range(3):
        again(cloud, ref)

    eventually(lambda: cloud.waiting("WebhookQueueUrl"), lambda count: count == 0)
    assert len(server.received) == 1
    assert until(api, job_id, "delivered") == [found]


def test_undelivered_webhook_is_redriven_from_its_dead_letters(
    cloud, api, secret, server, make
) -> None:
    server.then(receiver.status(503))
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    [found] = eventually(lambda: deliveries(api, job_id), lambda some: some and some[0]["attempts"])
    letters = cloud.waiting("WebhookDeadLetterQueueUrl")
    ref = {"tenant": api.tenant, "jobId": job_id, "deliveryId": found["deliveryId"]}
    last = {"id": "last", "number": 13, "index": len(found["attempts"]), "due": 0, "deferrals": 0}
    again(cloud, ref | last)
    eventually(lambda: cloud.waiting("WebhookDeadLetterQueueUrl"), lambda count: count > letters)

    server.then(receiver.status(204))
    completed = make("redrive", QUEUE="WebhookDeadLetterQueue")

    assert completed.returncode == 0, completed.stderr
    until(api, job_id, "delivered")


def again(cloud: Cloud, ref: Any) -> None:
    """Put a delivery's message into its queue again."""
    cloud.client("sqs").send_message(
        QueueUrl=cloud.stack.outputs["WebhookQueueUrl"], MessageBody=json.dumps(ref)
    )
