"""Missions from the request to the landing: real MQTT, real AWS IoT jobs, docks that fly."""

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
from tests.e2e.fleets import ABSENT, Fleet, fleet, in_seconds

FLOWN = ("PENDING", "QUEUED", "RUNNING", "SUCCEEDED")


@pytest.fixture
def one_dock(cloud, make_partner) -> Iterator[Fleet]:
    with fleet(cloud, make_partner(), [None]) as made:
        yield made


@pytest.fixture
def no_dock(cloud, make_partner) -> Iterator[Fleet]:
    """One device, whose dock is still to come."""
    with fleet(cloud, make_partner(), [ABSENT]) as made:
        yield made


@pytest.fixture
def bus(cloud, one_dock) -> Iterator[Bus]:
    with Bus(cloud, one_dock.partner.tenant) as listening:
        yield listening


def test_a_mission_is_flown_and_everything_about_it_is_on_record(one_dock, bus) -> None:
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


def test_a_mission_for_later_waits_for_its_time(one_dock) -> None:
    due = time.time() + 5
    job_id = one_dock.fly(scheduledAt=in_seconds(5))
    time.sleep(2)
    assert one_dock.job(job_id)["status"] == "PENDING"

    job = one_dock.until(job_id)

    assert job["status"] == "COMPLETED"
    assert datetime.fromisoformat(job["startedAt"]).timestamp() >= due - 0.001


def queued(made: Fleet, **about: Any) -> str:
    job_id = made.fly(**about)
    made.until(job_id, "QUEUED")
    return job_id


def test_one_drone_flies_one_after_the_other_the_most_urgent_first(cloud, no_dock) -> None:
    low, high, higher = (queued(no_dock, priority=priority) for priority in (2, 8, 10))

    with run_docks(cloud.stack, no_dock.devices, speed="fast"):
        jobs = {each: no_dock.until(each, seconds=120) for each in (low, high, higher)}

    assert {job["status"] for job in jobs.values()} == {"COMPLETED"}
    order = sorted(jobs, key=lambda each: jobs[each]["startedAt"])
    assert order == [higher, high, low]
    for earlier, later in pairwise(order):
        assert jobs[earlier]["completedAt"] <= jobs[later]["startedAt"]


def test_a_patch_moves_a_mission_forward_in_the_queue(cloud, no_dock) -> None:
    first, second = queued(no_dock), queued(no_dock)

    patched = no_dock.partner.send("PATCH", f"/v3/jobs/{second}", {"priority": 9})

    assert patched.status == 200, patched
    with run_docks(cloud.stack, no_dock.devices, speed="fast"):
        started = {each: no_dock.until(each, seconds=120)["startedAt"] for each in (first, second)}
    assert started[second] < started[first]


def test_a_mission_that_waits_for_a_device_can_be_cancelled(cloud, no_dock) -> None:
    with Bus(cloud, no_dock.partner.tenant) as bus:
        waiting = queued(no_dock)

        cancelled = no_dock.partner.post(f"/v3/jobs/{waiting}/cancel")

        assert cancelled.status == 200, cancelled
        assert cancelled.json["job"]["status"] == "CANCELLED"
        bus.until(waiting, "PENDING", "QUEUED", "CANCELLED")


def test_a_mission_that_waits_for_a_device_can_be_deleted(cloud, no_dock) -> None:
    with Bus(cloud, no_dock.partner.tenant) as bus:
        waiting = queued(no_dock)

        deleted = no_dock.partner.send("DELETE", f"/v3/jobs/{waiting}")

        assert deleted.status == 200, deleted
        assert no_dock.partner.get(f"/v3/jobs/{waiting}").status == 404
        bus.until(waiting, "PENDING", "QUEUED", "CANCELLED")


def test_what_flies_can_be_neither_cancelled_changed_nor_deleted(one_dock) -> None:
    job_id = one_dock.fly(metadata={"simulate": {"speed": "real"}})
    one_dock.until(job_id, "IN_PROGRESS")

    refused = [
        one_dock.partner.post(f"/v3/jobs/{job_id}/cancel").error,
        one_dock.partner.send("PATCH", f"/v3/jobs/{job_id}", {"priority": 1}).error,
        one_dock.partner.send("DELETE", f"/v3/jobs/{job_id}").error,
    ]

    assert refused == [
        (400, "Cannot cancel job"), (400, "Cannot update job"), (409, "Cannot delete job"),
    ]  # fmt: skip


def test_what_one_device_declines_the_next_one_flies(cloud, make_partner) -> None:
    with fleet(cloud, make_partner(), ["reject", None]) as made:
        job = made.until(made.fly())

        assert (job["status"], job["deviceId"]) == ("COMPLETED", made.devices[1])


def test_what_all_devices_decline_has_failed_and_says_why(cloud, make_partner) -> None:
    with fleet(cloud, make_partner(), ["reject", "reject"]) as made:
        job = made.until(made.fly())

        assert job["status"] == "FAILED"
        assert job["error"].startswith("No device accepted the mission: ")


def test_a_flight_that_fails_says_why_and_the_device_flies_again(one_dock) -> None:
    failed = one_dock.until(one_dock.fly(metadata={"simulate": {"outcome": "fail"}}))
    flown = one_dock.until(one_dock.fly())

    assert failed["status"] == "FAILED"
    assert failed["error"]
    assert flown["status"] == "COMPLETED"


def test_a_dock_that_is_away_for_a_moment_flies_when_it_is_back(one_dock) -> None:
    job = one_dock.until(one_dock.fly(metadata={"simulate": {"outcome": "offline"}}))

    assert job["status"] == "COMPLETED"


# ── Many at once ────────────────────────────────────────────────────────────────


def lease_history(cloud, devices) -> dict[str, list[Any]]:
    """Each device's leases, change by change, as the table's own stream has recorded them."""
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


def test_twenty_missions_for_three_drones_never_have_one_twice_and_all_end(
    cloud, make_partner
) -> None:
    with fleet(cloud, make_partner(), [None] * 3) as made:
        with ThreadPoolExecutor(8) as clients:
            ids = [*clients.map(lambda n: made.fly(priority=1 + n % 10), range(20))]

        jobs = [made.until(each, seconds=240) for each in ids]

        assert [job["status"] for job in jobs] == ["COMPLETED"] * 20
        assert {job["deviceId"] for job in jobs} == set(made.devices)
        for device in made.devices:
            flights = sorted(
                (job["startedAt"], job["completedAt"]) for job in jobs if job["deviceId"] == device
            )
            for (_, landed), (took_off, _) in pairwise(flights):
                assert landed <= took_off
        history = lease_history(cloud, made.devices)
        for changes in history.values():
            holders = [image.get("lease_job", {}).get("S") for image in changes]
            fences = [int(image.get("fence", {}).get("N", 0)) for image in changes]
            assert any(holders)
            assert fences == sorted(fences)
            for before, after in pairwise(
                holders
            ):  # from one mission to the next only through none
                assert None in {before, after} or before == after
    # A message that lost a race too often is hidden for a minute before it comes again.
    eventually(lambda: cloud.waiting("MissionQueueUrl"), lambda left: left == 0, seconds=180)
