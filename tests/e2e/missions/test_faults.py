"""Faults of flights, workers and queues, on a stack with short timeouts."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from jobs.core.adapters.messages import ref_fields
from jobs.core.job import JobRef
from tests.e2e.api import eventually
from tests.e2e.cloud import Cloud
from tests.e2e.fleets import ABSENT, Fleet, fleet
from tests.e2e.partners import Partner


@pytest.fixture
def docked(cloud: Cloud, make_partner: Callable[[], Partner]) -> Iterator[Callable[..., Fleet]]:
    """Register an organisation with one simulated dock for each behaviour."""
    with ExitStack() as cleanup:

        def make(*behaviours: str | None, away: float = 2) -> Fleet:
            made = fleet(cloud, make_partner(), behaviours or [None], away=away)
            return cleanup.enter_context(made)

        yield make


def orders(cloud, job_id: str) -> list[Any]:
    """Return the status of every order that a device ever got for a job."""
    jobs = cloud.client("iot").list_jobs(maxResults=250)["jobs"]
    names = sorted(each["jobId"] for each in jobs if each["jobId"].startswith(job_id))
    return [
        execution["jobExecutionSummary"]["status"]
        for name in names
        for execution in cloud.client("iot").list_job_executions_for_job(jobId=name)[
            "executionSummaries"
        ]
    ]


def ref_of(made: Fleet, job_id: str) -> JobRef:
    return JobRef(tenant=made.partner.tenant, kind="missions", id=job_id)


def test_lost_link_fails_the_mission_without_a_second_flight(cloud, docked) -> None:
    made = docked(None, None, away=12)

    job_id = made.fly(metadata={"simulate": {"outcome": "lose-link"}})
    job = made.until(job_id)

    assert job["status"] == "FAILED"
    assert job["error"] == "The device fell silent in flight; outcome unknown"
    eventually(lambda: orders(cloud, job_id), lambda seen: seen == ["CANCELED"])
    for device in made.devices:  # the drone is docked and free again
        eventually(lambda device=device: made.status_of(device), lambda seen: seen == "online")
    assert made.until(made.fly())["status"] == "COMPLETED"
    assert made.job(job_id)["status"] == "FAILED"
    assert orders(cloud, job_id) == ["CANCELED"]


def test_overlong_flight_fails_and_recalls_the_drone(cloud, docked) -> None:
    made = docked()

    job_id = made.fly(metadata={"simulate": {"outcome": "overrun"}})
    job = made.until(job_id)

    assert job["status"] == "FAILED"
    assert job["error"] == "Mission exceeded its maximum flight time; outcome unknown"
    eventually(lambda: orders(cloud, job_id), lambda seen: seen == ["CANCELED"])
    assert made.until(made.fly())["status"] == "COMPLETED"


def test_mission_without_device_fails_after_the_wait(docked) -> None:
    made = docked(ABSENT)

    job = made.until(made.fly())

    assert job["status"] == "FAILED"
    assert job["error"] == "No device became available in time"
    assert "startedAt" not in job
    assert "deviceId" not in job


def test_cancelled_mission_cancels_its_unaccepted_order(cloud, docked) -> None:
    made = docked(away=12)
    job_id = made.fly(metadata={"simulate": {"outcome": "offline"}})
    eventually(lambda: orders(cloud, job_id), lambda seen: seen == ["QUEUED"])

    cancelled = made.partner.post(f"/v3/jobs/{job_id}/cancel")

    assert cancelled.status == 200, cancelled
    eventually(lambda: orders(cloud, job_id), lambda seen: seen == ["CANCELED"])
    assert made.until(made.fly())["status"] == "COMPLETED"
    assert made.job(job_id)["status"] == "CANCELLED"


def test_deleted_mission_cancels_its_unaccepted_order(cloud, docked) -> None:
    made = docked(away=12)
    job_id = made.fly(metadata={"simulate": {"outcome": "offline"}})
    eventually(lambda: orders(cloud, job_id), lambda seen: seen == ["QUEUED"])

    deleted = made.partner.send("DELETE", f"/v3/jobs/{job_id}")

    assert deleted.status == 200, deleted
    eventually(lambda: orders(cloud, job_id), lambda seen: seen == ["CANCELED"])
    assert made.until(made.fly())["status"] == "COMPLETED"


@pytest.mark.parametrize("function", ["RunMission", "TakeDeviceReport"])
def test_mission_completes_after_a_consumer_outage(cloud, docked, function) -> None:
    made = docked()
    cloud.consume(function, enabled=False)
    job_id = made.fly()
    time.sleep(3)

    cloud.consume(function, enabled=True)

    assert made.until(job_id)["status"] == "COMPLETED"


def test_repeated_mission_message_flies_once(cloud, docked) -> None:
    cloud.purge("MissionQueueUrl")
    made = docked()
    job_id = made.fly()
    body = json.dumps(ref_fields(ref_of(made, job_id)))
    queue = cloud.stack.outputs["MissionQueueUrl"]

    for _ in range(5):
        cloud.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
    assert made.until(job_id)["status"] == "COMPLETED"
    for _ in range(5):
        cloud.client("sqs").send_message(QueueUrl=queue, MessageBody=body)

    eventually(lambda: cloud.waiting("MissionQueueUrl"), lambda left: left == 0)
    assert orders(cloud, job_id) == ["SUCCEEDED"]


def test_killed_mission_worker_only_delays_missions(cloud, docked) -> None:
    made = docked()
    job_ids = [made.fly() for _ in range(2)]

    for function in ("RunMission", "TakeDeviceReport"):
        cloud.kill(function)

    jobs = [made.until(job_id, seconds=120) for job_id in job_ids]
    assert {job["status"] for job in jobs} <= {"COMPLETED", "FAILED"}
    for job_id, job in zip(job_ids, jobs, strict=True):
        assert orders(cloud, job_id).count("SUCCEEDED") <= 1
        assert job["status"] == "COMPLETED" or job["error"] == "No device became available in time"


def test_dead_letter_fails_a_waiting_but_not_a_flying_mission(cloud, docked) -> None:
    made = docked()
    flying = made.fly(metadata={"simulate": {"outcome": "overrun"}})
    made.until(flying, "IN_PROGRESS")
    waiting = made.fly()
    made.until(waiting, "QUEUED")

    for job_id in (flying, waiting):
        cloud.client("sqs").send_message(
            QueueUrl=cloud.stack.outputs["MissionDeadLetterQueueUrl"],
            MessageBody=json.dumps(ref_fields(ref_of(made, job_id))),
        )

    assert made.until(waiting)["error"] == "Job could not be processed"
    assert made.job(flying)["status"] == "IN_PROGRESS"
