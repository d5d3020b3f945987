"""The way of changes and readings to their watchers: each worker's part of it."""

import json
from types import SimpleNamespace

import pytest

from jobs.core.adapters.dynamodb.items import JobItems
from jobs.kit.errors import UnavailableError
from jobs.missions.adapters.storage import MissionStorage
from jobs.missions.device import TrackPoint
from jobs.tracking.adapters.messages import share_fields
from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, ResourceKind, job_resource
from jobs.tracking.share import Share, ShareType
from jobs.tracking.wiring import wiring as tracking
from tests.fakes import memory_watch
from tests.handlers.conftest import TENANT
from tests.support import HOUR, NOON

HARBOUR = Resource(tenant=TENANT, kind=ResourceKind.GROUP, id="harbour")
SHARES = 800


@pytest.fixture
def mission(stored):
    return stored()


@pytest.fixture
def change(event, mission):
    """Return the stream's record of the new mission."""
    [record] = event("workers/dispatch_jobs")["Records"]
    image = JobItems(lambda _: MissionStorage()).header(mission, write_id="w")
    record["dynamodb"]["NewImage"] = image
    return {"Records": [record]}


@pytest.fixture(autouse=True)
def settings(rewire, world, monkeypatch) -> None:
    for name in ("DEVICE_SILENCE_SECONDS", "MAX_FLIGHT_SECONDS"):
        monkeypatch.setenv(name, "60")
    rewire(
        tracking.missions,
        mission_timers=SimpleNamespace(fly=lambda *_, **__: None),
        mission_queue=None,
        orders=None,
        waiting=world.repository,
    )


@pytest.fixture
def many_shares(watching, mission, monkeypatch) -> None:
    for limit in ("RESOURCE", "TENANT"):
        monkeypatch.setattr(memory_watch, f"MAX_SHARES_OF_{limit}", SHARES)
    for n in range(SHARES):
        watching.shares.add(
            Share(
                code=f"{n}", resource=job_resource(mission.ref), type=ShareType.STREAM,
                created_at=NOON, expires_at=NOON + HOUR, max_viewers=None, metadata={},
            )
        )  # fmt: skip


@pytest.fixture
def update(event, mission):
    """Return the event of an update, by default of the mission's creation."""
    change = {
        "job": {"tenant": TENANT, "dialect": "missions", "jobId": mission.id},
        "status": mission.status, "sequence": 1, "changedAt": NOON, "device": None,
    }  # fmt: skip

    def make(sent_at: int = NOON, **body):
        [record] = event("workers/follow_updates")["Records"]
        record["body"] = json.dumps(body or {"change": change})
        record["attributes"]["SentTimestamp"] = str(sent_at)
        return {"Records": [record]}

    return make


@pytest.mark.usefixtures("many_shares")
def test_change_with_many_watchers_makes_one_call_of_the_dispatcher(
    invoke, world, watching, change
) -> None:
    assert invoke("workers/dispatch_jobs", change) == {"batchItemFailures": []}

    assert (world.queues.calls, world.queues.groups) == (1, [TENANT])
    assert world.queues.sent[0]["change"]["status"] == "PENDING"
    assert watching.topics.published == {}


@pytest.mark.usefixtures("watching")
def test_change_that_cannot_be_queued_is_retried(invoke, world, change) -> None:
    def throttled(**_: object) -> None:
        raise UnavailableError("RequestThrottled")

    world.queues.send_message = throttled

    assert invoke("workers/dispatch_jobs", change)["batchItemFailures"]


def test_change_is_sent_to_watchers(invoke, watching, update, mission) -> None:
    connection = Connection(
        id="w=", resource=job_resource(mission.ref), until=NOON + HOUR, sequence=0
    )
    watching.connections.add(connection)

    assert invoke("workers/follow_updates", update()) == {"batchItemFailures": []}

    assert watching.topics.published.keys() == {f"{mission.id}/JOB/STATUS"}
    assert watching.sockets.posted == {}  # it has no initial state yet


def test_change_that_cannot_be_sent_is_reported_for_retry(invoke, watching, update) -> None:
    def fail(*_: object) -> None:
        raise UnavailableError("ThrottlingException")

    watching.topics.publish = fail

    assert invoke("workers/follow_updates", update())["batchItemFailures"]


def test_telemetry_is_stored_and_queued_without_reaching_watchers(
    invoke, world, watching, fleet
) -> None:
    assert invoke("workers/take_telemetry") == {"batchItemFailures": []}

    assert fleet.states(["dock-1"])["dock-1"].is_online(NOON)
    assert (world.queues.calls, world.queues.groups) == (1, [TENANT])
    assert world.queues.sent[0]["reading"]["device"] == "dock-1"
    assert watching.topics.published == {}


@pytest.mark.usefixtures("watching")
def test_telemetry_that_cannot_be_stored_is_retried(invoke, event, fleet, log) -> None:
    def fail(*_: object, **__: object) -> None:
        raise UnavailableError("ThrottlingException")

    fleet.store_reading = fail
    [record] = event("workers/take_telemetry")["Records"]

    answer = invoke("workers/take_telemetry")

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert [line["level"] for line in log()] == ["ERROR"]


def test_invalid_telemetry_is_dropped(invoke, event, log, world) -> None:
    [record] = event("workers/take_telemetry")["Records"]

    answer = invoke("workers/take_telemetry", {"Records": [record | {"body": "{}"}]})

    assert answer == {"batchItemFailures": []}
    assert world.queues.calls == 0
    assert [line["message"] for line in log()] == ["invalid telemetry dropped"]


@pytest.mark.parametrize(("age", "topics"), [(9_999, {"harbour/DEVICE/STATUS"}), (10_000, set())])
def test_reading_that_has_waited_too_long_is_not_sent(
    invoke, watching, update, age, topics
) -> None:
    reading = {"device": "dock-1", "tenant": TENANT, "orders": [], "was_free": True}

    invoke("workers/follow_updates", update(NOON - age, reading=reading))

    assert watching.topics.published.keys() == topics


@pytest.mark.parametrize("age", [0, 10_000])
@pytest.mark.usefixtures("watching")
def test_point_of_a_reading_is_kept_however_late(invoke, update, mission, tracks, age) -> None:
    event = update(
        NOON - age,
        reading={"device": "dock-1", "tenant": TENANT, "orders": [], "was_free": True},
        point={"job": mission.id, "at": NOON, "lon": 9.97, "lat": 53.54, "alt": 40.5},
    )

    for _ in range(2):  # delivered again
        assert invoke("workers/follow_updates", event) == {"batchItemFailures": []}

    point = TrackPoint(job=mission.id, at=NOON, lon=9.97, lat=53.54, alt=40.5)
    assert tracks.of(mission.id, limit=720) == [point]


def test_expired_share_is_removed_however_often_it_comes(invoke, watching, share, update) -> None:
    event = update(share=share_fields(share))

    for _ in range(2):  # delivered again
        assert invoke("workers/follow_updates", event) == {"batchItemFailures": []}

    assert watching.shares.live() == []


def test_share_that_cannot_be_removed_is_reported_for_retry(
    invoke, watching, share, update, monkeypatch
) -> None:
    def fail(*_: object) -> None:
        raise UnavailableError("ThrottlingException")

    monkeypatch.setattr(watching.shares, "remove", fail)

    assert invoke("workers/follow_updates", update(share=share_fields(share)))["batchItemFailures"]
