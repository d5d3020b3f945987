"""Flights from the request to the landing: MQTT, AWS IoT jobs, simulated docks."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from local.stack.docks import run_docks
from tests.e2e.api import eventually
from tests.e2e.events import Bus
from tests.e2e.fleets import ABSENT, WAYPOINTS, Fleet, fleet, in_seconds

MISSIONS = 12
FLOWN = ("PENDING", "QUEUED", "RUNNING", "SUCCEEDED")


@pytest.fixture
def one_dock(cloud, make_partner) -> Iterator[Fleet]:
    with fleet(cloud, make_partner(), [None]) as made:
        yield made


@pytest.fixture
def no_dock(cloud, make_partner) -> Iterator[Fleet]:
    """Register one device whose dock does not run yet."""
    with fleet(cloud, make_partner(), [ABSENT]) as made:
        yield made


@pytest.fixture
def bus(cloud, one_dock) -> Iterator[Bus]:
    with Bus(cloud, one_dock.partner.tenant) as listening:
        yield listening


def test_flown_mission_records_times_device_and_metadata(one_dock, bus) -> None:
    job_id = one_dock.fly(description="Along the quay", metadata={"customer": "ACME"})

    job = one_dock.until(job_id)

    bus.until(job_id, *FLOWN)
    assert job["status"] == "COMPLETED"
    assert job["deviceId"] == one_dock.devices[0]
    assert job["deviceGroupId"] == one_dock.group
    assert job["metadata"] == {"customer": "ACME"}
    times = [job[name] for name in ("createdAt", "startedAt", "completedAt")]
    assert times == sorted(times)
    assert job["updatedAt"] == job["completedAt"]
    assert "error" not in job
    assert "cancelledAt" not in job
    track = eventually(lambda: one_dock.track(job_id), bool)
    assert all(abs(lon - WAYPOINTS[0][0]) < 1 for lon, _, _, _ in track)


def test_scheduled_mission_starts_at_the_time_to_which_it_was_moved(one_dock) -> None:
    job_id = one_dock.fly(scheduledAt=in_seconds(3600))
    due = time.time() + 5
    assert one_dock.move(job_id, in_seconds(5)).status == 200
    time.sleep(2)
    assert one_dock.job(job_id)["status"] == "PENDING"

    job = one_dock.until(job_id)

    assert job["status"] == "COMPLETED"
    assert datetime.fromisoformat(job["startedAt"]).timestamp() >= due - 0.001


def queued(made: Fleet, **about: Any) -> str:
    job_id = made.fly(**about)
    made.until(job_id, "QUEUED")
    return job_id


def test_queued_missions_fly_one_at_a_time_by_priority(cloud, no_dock) -> None:
    low, high, higher = (queued(no_dock, priority=priority) for priority in (2, 8, 10))

    with run_docks(cloud.stack, no_dock.devices, speed="fast"):
        jobs = {each: no_dock.until(each, seconds=120) for each in (low, high, higher)}

    assert {job["status"] for job in jobs.values()} == {"COMPLETED"}
    order = sorted(jobs, key=lambda each: jobs[each]["startedAt"])
    assert order == [higher, high, low]
    for earlier, later in pairwise(order):
        assert jobs[earlier]["completedAt"] <= jobs[later]["startedAt"]


def test_raised_priority_moves_a_queued_mission_forward(cloud, no_dock) -> None:
    first, second = queued(no_dock), queued(no_dock)

    patched = no_dock.partner.send("PATCH", f"/v3/jobs/{second}", {"priority": 9})

    assert patched.status == 200, patched
    with run_docks(cloud.stack, no_dock.devices, speed="fast"):
        started = {each: no_dock.until(each, seconds=120)["startedAt"] for each in (first, second)}
    assert started[second] < started[first]


def test_mission_without_device_can_be_cancelled(cloud, no_dock) -> None:
    with Bus(cloud, no_dock.partner.tenant) as bus:
        waiting = queued(no_dock)

        cancelled = no_dock.partner.post(f"/v3/jobs/{waiting}/cancel")

        assert cancelled.status == 200, cancelled
        assert cancelled.json["job"]["status"] == "CANCELLED"
        bus.until(waiting, "PENDING", "QUEUED", "CANCELLED")


def test_rejected_order_is_flown_by_the_next_device(cloud, make_partner) -> None:
    with fleet(cloud, make_partner(), ["reject", None]) as made:
        job = made.until(made.fly())

        assert (job["status"], job["deviceId"]) == ("COMPLETED", made.devices[1])


def test_mission_rejected_by_all_devices_fails_with_a_reason(cloud, make_partner) -> None:
    with fleet(cloud, make_partner(), ["reject", "reject"]) as made:
        job = made.until(made.fly())

        assert job["status"] == "FAILED"
        assert job["error"].startswith("No device accepted the mission: ")


def test_failed_flight_reports_its_error_and_frees_the_device(one_dock) -> None:
    failed = one_dock.until(one_dock.fly(metadata={"simulate": {"outcome": "fail"}}))
    flown = one_dock.until(one_dock.fly())

    assert failed["status"] == "FAILED"
    assert failed["error"]
    assert flown["status"] == "COMPLETED"


# ── Many at once ────────────────────────────────────────────────────────────────


def lease_history(cloud, devices) -> dict[str, list[Any]]:
    """Return every change of each device's lease, from the table's stream."""
    streams = cloud.client("dynamodbstreams")
    table = cloud.client("dynamodb").describe_table(
        TableName=cloud.stack.outputs["MissionTableName"]
    )["Table"]
    found: dict[str, list[Any]] = {device: [] for device in devices}
    described = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]
    for shard in described["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=table["LatestStreamArn"],
            ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                image = record["dynamodb"].get("NewImage", {})
                device = record["dynamodb"]["Keys"]["PK"]["S"].removeprefix("DEVICE#")
                if device in found:
                    found[device].append(image)
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return found


def test_concurrent_missions_never_share_a_drone(cloud, make_partner) -> None:
    with fleet(cloud, make_partner(), [None] * 3) as made:
        with ThreadPoolExecutor(8) as clients:
            ids = [*clients.map(lambda n: made.fly(priority=1 + n % 10), range(MISSIONS))]

        jobs = [made.until(each, seconds=240) for each in ids]

        assert [job.get("error") for job in jobs] == [None] * MISSIONS
        assert {job["status"] for job in jobs} == {"COMPLETED"}
        assert {job["deviceId"] for job in jobs} == set(made.devices)
        for device in made.devices:
            flights = sorted(
                (job["startedAt"], job["completedAt"]) for job in jobs if job["deviceId"] == device
            )
            for (_, landed), (took_off, _) in pairwise(flights):
                assert landed <= took_off
        for changes in lease_history(cloud, made.devices).values():
            holders = [image.get("lease_job", {}).get("S") for image in changes]
            fences = [int(image.get("fence", {}).get("N", 0)) for image in changes]
            assert any(holders)
            assert fences == sorted(fences)
            for before, after in pairwise(holders):  # a lease ends before the next one starts
                assert None in {before, after} or before == after
