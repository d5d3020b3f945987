"""What may break between a change and its receiver, and what is told then."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import receiver
from tests.e2e.api import eventually
from tests.e2e.cloud import Cloud
from tests.e2e.webhooks.deliveries import until


@pytest.fixture
def _soon(cloud: Cloud) -> Iterator[None]:
    """Have the message of a worker that died come back within seconds."""
    sqs, queue = cloud.client("sqs"), cloud.stack.outputs["WebhookQueueUrl"]
    name = "VisibilityTimeout"
    before = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: "12"})
    yield
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=before)


@pytest.mark.usefixtures("_soon")
def test_what_a_killed_worker_was_sending_is_sent_by_another(cloud, api, secret, server) -> None:
    server.then(receiver.hang, receiver.status(204))
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    eventually(lambda: len(server.received), lambda count: count == 1)

    assert cloud.kill("DeliverWebhook") >= 1

    [found] = until(api, job_id, "delivered")
    assert [each["status"] for each in found["attempts"]] == [204]
    assert len(server.received) == 2
    assert len({each.headers["webhook-id"] for each in server.received}) == 1
    assert len({json.dumps(each.verified(secret)) for each in server.received}) == 1


def test_a_message_that_comes_again_is_sent_once(cloud, api, secret, server) -> None:
    cloud.purge("WebhookQueueUrl")
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    [found] = until(api, job_id, "delivered")
    ref = {"tenant": api.tenant, "jobId": job_id, "deliveryId": found["deliveryId"]}

    for _ in range(3):
        again(cloud, ref)

    eventually(lambda: cloud.waiting("WebhookQueueUrl"), lambda count: count == 0)
    assert len(server.received) == 1
    assert until(api, job_id, "delivered") == [found]


def test_who_asks_for_it_many_times_at_once_gets_it_again_and_it_ends_delivered(
    cloud, api, secret, server
) -> None:
    cloud.purge("WebhookQueueUrl")
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    [found] = until(api, job_id, "delivered")

    statuses = [api.post(f"/webhooks/{found['deliveryId']}/redeliver", b"").status for _ in "123"]

    assert statuses == [202] * 3
    eventually(lambda: cloud.waiting("WebhookQueueUrl"), lambda count: count == 0)
    until(api, job_id, "delivered")
    assert 2 <= len(server.received) <= 4


def again(cloud: Cloud, ref: Any) -> None:
    """Put a delivery's message into its queue once more."""
    cloud.client("sqs").send_message(
        QueueUrl=cloud.stack.outputs["WebhookQueueUrl"], MessageBody=json.dumps(ref)
    )
