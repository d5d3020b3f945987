"""The worker that plans deliveries from the stream of the job table."""

import json

from jobs.core.webhook import Webhook
from jobs.webhooks.webhook import Subscription
from tests.handlers.conftest import TENANT
from tests.handlers.webhooks.conftest import JOB, URL


def test_changes_of_subscribed_tenant_are_planned_and_queued(invoke, world) -> None:
    world.subscriptions.put(Subscription(id="crm", tenant=TENANT, webhook=Webhook(url=URL)))

    invoke("workers/publish_events")

    deliveries = world.deliveries.list_by_job(TENANT, JOB)
    assert [each.event for each in deliveries] == ["created", "started", "completed"]
    assert [each["deliveryId"] for each in world.queues.sent] == [each.id for each in deliveries]
    assert json.loads(deliveries[0].body)["data"] == world.bus.details[0]


def test_webhook_of_job_is_read_from_stream(invoke, event, world) -> None:
    changed = event("workers/publish_events")
    for record in changed["Records"]:
        record["dynamodb"]["NewImage"]["webhook"] = {
            "S": json.dumps({"url": URL, "events": ["started"]})
        }

    invoke("workers/publish_events", changed)

    assert [each.event for each in world.deliveries.list_by_job(TENANT, JOB)] == ["started"]
