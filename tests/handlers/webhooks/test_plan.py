"""The worker that plans deliveries from the stream of the job table."""

import json

import pytest

from jobs.core.status import JobStatus
from jobs.core.webhook import Webhook
from jobs.kit.errors import RefusedError, UnavailableError
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


# ── Beside counts and events: the failure of one repeats all ──────────────────────


def test_batch_whose_deliveries_fail_is_repeated_with_exact_counts(
    invoke, world, monkeypatch
) -> None:
    world.subscriptions.put(Subscription(id="crm", tenant=TENANT, webhook=Webhook(url=URL)))

    def fail(*_: object) -> None:
        raise UnavailableError("ThrottlingException")

    with monkeypatch.context() as busy:
        busy.setattr(world.deliveries, "plan_all", fail)
        with pytest.raises(UnavailableError):
            invoke("workers/publish_events")
    assert world.queues.sent == []
    invoke("workers/publish_events")

    assert world.counters.read(TENANT, "messaging").by_status[JobStatus.SUCCEEDED] == 1
    assert world.counters.read(TENANT, "messaging").total == 1
    assert [detail["sequence"] for detail in world.bus.details] == [1, 2, 3, 1, 2, 3]
    assert len({detail["eventId"] for detail in world.bus.details}) == 3
    assert len(world.queues.sent) == len(world.deliveries.list_by_job(TENANT, JOB)) == 3


def test_deliveries_are_planned_although_events_are_refused(invoke, event, world) -> None:
    world.subscriptions.put(Subscription(id="crm", tenant=TENANT, webhook=Webhook(url=URL)))
    [created, *_] = event("workers/publish_events")["Records"]

    def refuse(**_: object) -> None:
        raise RefusedError("AWS refused the request: x")

    world.bus.put_events = refuse

    invoke("workers/publish_events", {"Records": [created]})  # left out, so that no other waits

    assert len(world.queues.sent) == 1
