"""The deliveries that a change of a job causes."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from jobs import kinds
from jobs.core.adapters.job_events import JobEvents
from jobs.core.changes import JobChange
from jobs.core.status import JobStatus
from jobs.core.webhook import Webhook
from jobs.kit.errors import UnavailableError
from jobs.webhooks.adapters.sqlite import SqliteDeliveryLog, SqliteSubscriptions
from jobs.webhooks.plan_deliveries import PlanDeliveries
from jobs.webhooks.webhook import DeliveryRef, Subscription
from tests.databases import empty_database
from tests.fakes.memory import change
from tests.support import NOON

URL = "https://hooks.example.com/in"


class World:
    def __init__(self, clock: Any) -> None:
        self.subscriptions = SqliteSubscriptions(empty_database())
        self.log = SqliteDeliveryLog(empty_database(), lambda: NOON)
        self.sent: list[DeliveryRef] = []
        self.plan = PlanDeliveries(
            subscriptions=self.subscriptions,
            log=self.log,
            queue=self,
            describe=JobEvents(kinds.kind).detail,
            clock=clock,
        )

    def send(self, planned: Any) -> None:
        self.sent += [each.ref for each in planned]
        assert {(each.number, each.index, each.due) for each in planned} == {(1, 0, 0)}

    def planned(self) -> list[Any]:
        return [self.log.get(ref) for ref in self.sent]


@pytest.fixture
def world(clock) -> World:
    return World(clock)


@pytest.fixture
def changes_of(a_job):
    """The changes of a job that is created, started and completed."""

    def lived(**fields: Any) -> list[JobChange]:
        new = a_job(**fields)
        begun = new.claim(now=NOON, lease=1000)
        ended = begun.succeed({"content": "A secret answer"}, now=NOON)
        return [
            change(new, previous=None),
            change(begun, previous=JobStatus.PENDING),
            change(ended, previous=JobStatus.RUNNING),
        ]

    return lived


def subscribed(tenant: str = "acme", id: str = "crm", **fields: Any) -> Subscription:  # noqa: A002
    events = fields.pop("events", frozenset())
    return Subscription(id=id, tenant=tenant, webhook=Webhook(url=URL, events=events), **fields)


def test_job_webhook_gets_each_change(world, changes_of) -> None:
    world.plan(changes_of(webhook=Webhook(url=URL)))

    assert [(each.event, each.sequence, each.url) for each in world.planned()] == [
        ("created", 1, URL),
        ("started", 2, URL),
        ("completed", 3, URL),
    ]


def test_import_of_ended_job_is_not_delivered(world, changes_of) -> None:
    [*_, ended] = changes_of(webhook=Webhook(url=URL))
    world.subscriptions.put(subscribed())

    assert world.plan([replace(ended, previous=None)]) == 0


def test_webhook_with_events_gets_only_these(world, changes_of) -> None:
    world.plan(changes_of(webhook=Webhook(url=URL, events=frozenset({"completed", "failed"}))))

    assert [each.event for each in world.planned()] == ["completed"]


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("PENDING", "created"),
        ("QUEUED", "queued"),
        ("RUNNING", "started"),
        ("SUCCEEDED", "completed"),
        ("FAILED", "failed"),
        ("CANCELLED", "cancelled"),
        ("TIMED_OUT", "timed_out"),
    ],
)
def test_each_status_has_its_event_name(world, a_job, status, event) -> None:
    job = a_job(status=JobStatus(status), webhook=Webhook(url=URL))

    world.plan([change(job, previous=JobStatus.RUNNING)])

    [planned] = world.planned()
    assert planned.event == event
    assert json.loads(planned.body)["type"] == f"job.{event}"


def test_body_has_event_bus_detail_and_no_content(world, changes_of) -> None:
    world.plan(changes_of(webhook=Webhook(url=URL)))

    bodies = [json.loads(each.body) for each in world.planned()]
    assert bodies[2] == {
        "type": "job.completed",
        "timestamp": "2026-01-01T12:00:00+00:00",
        "data": {
            "version": "1",
            "eventId": bodies[2]["data"]["eventId"],
            "sequence": 3,
            "tenant": "acme",
            "dialect": "messaging",
            "jobId": "019b7963-4a00-7000-8000-000000000001",
            "status": "SUCCEEDED",
            "previousStatus": "RUNNING",
            "occurredAt": "2026-01-01T12:00:00+00:00",
            "links": {"self": "/api/messaging/jobs/019b7963-4a00-7000-8000-000000000001"},
        },
    }
    assert "Hello" not in json.dumps(bodies)
    assert "secret" not in json.dumps(bodies)


def test_subscriptions_of_tenant_get_changes_of_all_jobs(world, changes_of) -> None:
    world.subscriptions.put(subscribed(id="crm"))
    world.subscriptions.put(subscribed(id="pager", events=frozenset({"failed", "created"})))
    world.subscriptions.put(subscribed(id="off", active=False))
    world.subscriptions.put(subscribed("rival", id="theirs"))

    world.plan(changes_of(webhook=Webhook(url="https://own.example.com")))

    planned = [(each.subscription, each.event) for each in world.planned()]
    assert planned == [
        (None, "created"),
        ("crm", "created"),
        ("pager", "created"),
        (None, "started"),
        ("crm", "started"),
        (None, "completed"),
        ("crm", "completed"),
    ]


def test_job_without_webhooks_has_no_deliveries(world, changes_of) -> None:
    assert world.plan(changes_of()) == 0
    assert world.sent == []


def test_deletion_of_job_has_no_delivery(world, changes_of) -> None:
    [created, *_] = changes_of(webhook=Webhook(url=URL))

    assert world.plan([JobChange(**{**fields(created), "status": None})]) == 0


def fields(of: JobChange) -> dict[str, Any]:
    return {name: getattr(of, name) for name in JobChange.__slots__}


def test_delivery_ids_are_unique_and_stable_in_replay(world, changes_of) -> None:
    world.subscriptions.put(subscribed())
    changes = changes_of(webhook=Webhook(url=URL))
    rivals = changes_of(tenant="rival", webhook=Webhook(url=URL))

    world.plan(changes)
    world.plan(rivals)
    world.plan(changes)

    ids = [each.id for each in world.sent]
    assert len({*ids}) == 9
    assert ids[:6] == ids[9:]
    assert {UUID(each).version for each in ids} == {5}


def test_delivery_not_stored_is_not_queued(world, changes_of, monkeypatch) -> None:
    def full(*_: Any) -> None:
        raise UnavailableError

    monkeypatch.setattr(world.log, "plan", full)

    with pytest.raises(UnavailableError):
        world.plan(changes_of(webhook=Webhook(url=URL)))

    assert world.sent == []
