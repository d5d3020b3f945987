"""Changes that webhooks are told of are planned by who reads the stream."""

import json

from jobs.core.webhook import Webhook
from jobs.webhooks.webhook import Subscription
from tests.handlers.conftest import TENANT
from tests.handlers.webhooks.conftest import JOB, URL


def test_changes_of_a_tenant_with_a_webhook_are_planned_and_handed_to_workers(
    invoke, world
) -> None:
    world.subscriptions.put(Subscription(id="crm", tenant=TENANT, webhook=Webhook(url=URL)))

    invoke("workers/publish_events")

    told = world.deliveries.of_job(TENANT, JOB)
    assert [each.event for each in told] == ["created", "started", "completed"]
    assert world.queues.sent == [
        {"tenant": TENANT, "jobId": JOB, "deliveryId": each.id} for each in told
    ]
    assert json.loads(told[0].body)["data"] == world.bus.details[0]


def test_a_jobs_own_webhook_is_read_from_the_stream(invoke, event, world) -> None:
    changed = event("workers/publish_events")
    for record in changed["Records"]:
        record["dynamodb"]["NewImage"]["webhook"] = {
            "S": json.dumps({"url": URL, "events": ["started"]})
        }

    invoke("workers/publish_events", changed)

    assert [each.event for each in world.deliveries.of_job(TENANT, JOB)] == ["started"]


def test_tenants_without_webhooks_have_nothing_written(invoke, world) -> None:
    invoke("workers/publish_events")

    assert world.deliveries.of_job(TENANT, JOB) == []
    assert world.queues.sent == []
