"""What goes wrong in the air and below: on a stack that loses its timeout_s soon."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from jobs.core.adapters.messages import ref_fields
from jobs.core.job import JobRef
from jobs.missions.partner import Role
from local.stack.launch import run_stack
from scripts.registry_table import RegistryTable
from tests.e2e.api import eventually
from tests.e2e.cloud import Cloud, above
from tests.e2e.fleets import ABSENT, Fleet, fleet
from tests.e2e.partners import registered

PARAMETERS = {"DeviceWaitSeconds": "25", "DeviceSilenceSeconds": "5", "MaxFlightSeconds": "12"}


@pytest.fixture(scope="module")
def sky() -> Iterator[Cloud]:
    with run_stack(parameters=PARAMETERS, with_docks=False) as stack, above(stack) as cloud:
        yield cloud


@pytest.fixture
def docked(sky) -> Iterator[Callable[..., Fleet]]:
    """A fleet of an organisation's own, a dock for each behaviour."""
    registry = RegistryTable(
        sky.client("dynamodb"), sky.stack.outputs["RegistryTableName"], clock=lambda: 0
    )
    with ExitStack() as cleanup:

        def make(*behaviours: str | None, away: float = 2) -> Fleet:
            partner = registered(sky, registry, Role.MANAGER, f"partner-{uuid4().hex[:12]}")
            return cleanup.enter_context(fleet(sky, partner, behaviours or [None], away=away))

        yield make


def orders(sky, job_id: str) -> list[Any]:
    """All the orders that devices ever got for a job."""
    jobs = sky.client("iot").list_jobs(maxResults=250)["jobs"]
    names = sorted(each["jobId"] for each in jobs if each["jobId"].startswith(job_id))
    return [
        execution["jobExecutionSummary"]["status"]
        for name in names
        for execution in sky.client("iot").list_job_executions_for_job(jobId=name)[
            "executionSummaries"
        ]
    ]


def ref_of(made: Fleet, job_id: str) -> JobRef:
    return JobRef(tenant=made.partner.tenant, kind="missions", id=job_id)


def test_a_lost_link_fails_the_mission_which_is_not_flown_again(sky, docked) -> None:
    made = docked(None, None, away=12)

    job_id = made.fly(metadata={"simulate": {"outcome": "lose-link"}})
    job = made.until(job_id)

    assert job["status"] == "FAILED"
    assert job["error"] == "The device fell silent in flight; outcome unknown"
    eventually(lambda: orders(sky, job_id), lambda seen: seen == ["CANCELED"])
    for device in made.devices:  # back home, it is for the next
        eventually(lambda device=device: made.status_of(device), lambda seen: seen == "online")
    assert made.until(made.fly())["status"] == "COMPLETED"
    assert made.job(job_id)["status"] == "FAILED"
    assert orders(sky, job_id) == ["CANCELED"]


def test_a_flight_that_takes_too_long_fails_and_the_drone_is_called_back(sky, docked) -> None:
    made = docked()

    job_id = made.fly(metadata={"simulate": {"outcome": "overrun"}})
    job = made.until(job_id)

    assert job["status"] == "FAILED"
    assert job["error"] == "Mission exceeded its maximum flight time; outcome unknown"
    eventually(lambda: orders(sky, job_id), lambda seen: seen == ["CANCELED"])
    assert made.until(made.fly())["status"] == "COMPLETED"


def test_what_gets_no_device_in_time_fails(docked) -> None:
    made = docked(ABSENT)

    job = made.until(made.fly())

    assert job["status"] == "FAILED"
    assert job["error"] == "No device became available in time"
    assert "startedAt" not in job
    assert "deviceId" not in job


def test_an_order_that_no_dock_has_accepted_is_cancelled_with_its_mission(sky, docked) -> None:
    made = docked(away=12)
    job_id = made.fly(metadata={"simulate": {"outcome": "offline"}})
    eventually(lambda: orders(sky, job_id), lambda seen: seen == ["QUEUED"])

    cancelled = made.partner.post(f"/v3/jobs/{job_id}/cancel")

    assert cancelled.status == 200, cancelled
    eventually(lambda: orders(sky, job_id), lambda seen: seen == ["CANCELED"])
    assert made.until(made.fly())["status"] == "COMPLETED"
    assert made.job(job_id)["status"] == "CANCELLED"


def test_an_order_is_cancelled_even_if_its_mission_has_been_deleted(sky, docked) -> None:
    made = docked(away=12)
    job_id = made.fly(metadata={"simulate": {"outcome": "offline"}})
    eventually(lambda: orders(sky, job_id), lambda seen: seen == ["QUEUED"])

    deleted = made.partner.send("DELETE", f"/v3/jobs/{job_id}")

    assert deleted.status == 200, deleted
    eventually(lambda: orders(sky, job_id), lambda seen: seen == ["CANCELED"])
    assert made.until(made.fly())["status"] == "COMPLETED"


@pytest.mark.parametrize("function", ["RunMission", "TakeDeviceReport", "TakeTelemetry"])
def test_while_nobody_takes_its_messages_a_mission_waits_or_gets_through(
    sky, docked, function
) -> None:
    made = docked()
    sky.consume(function, enabled=False)
    job_id = made.fly()
    time.sleep(3)

    sky.consume(function, enabled=True)

    assert made.until(job_id)["status"] == "COMPLETED"


def test_a_message_that_comes_twice_or_late_flies_nothing_twice(sky, docked) -> None:
    sky.purge("MissionQueueUrl")
    made = docked()
    job_id = made.fly()
    body = json.dumps(ref_fields(ref_of(made, job_id)))
    queue = sky.stack.outputs["MissionQueueUrl"]

    for _ in range(5):
        sky.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
    assert made.until(job_id)["status"] == "COMPLETED"
    for _ in range(5):
        sky.client("sqs").send_message(QueueUrl=queue, MessageBody=body)

    eventually(lambda: sky.waiting("MissionQueueUrl"), lambda left: left == 0)
    assert orders(sky, job_id) == ["SUCCEEDED"]


def test_a_worker_that_is_killed_costs_time_only(sky, docked) -> None:
    made = docked()
    job_ids = [made.fly() for _ in range(2)]

    for function in ("RunMission", "TakeDeviceReport"):
        sky.kill(function)

    jobs = [made.until(job_id, seconds=120) for job_id in job_ids]
    assert {job["status"] for job in jobs} <= {"COMPLETED", "FAILED"}
    for job_id, job in zip(job_ids, jobs, strict=True):
        assert orders(sky, job_id).count("SUCCEEDED") <= 1
        assert job["status"] == "COMPLETED" or job["error"] == "No device became available in time"


def test_what_no_worker_can_do_ends_the_mission_unless_it_flies(sky, docked) -> None:
    made = docked()
    flying = made.fly(metadata={"simulate": {"outcome": "overrun"}})
    made.until(flying, "IN_PROGRESS")
    waiting = made.fly()
    made.until(waiting, "QUEUED")

    for job_id in (flying, waiting):
        sky.client("sqs").send_message(
            QueueUrl=sky.stack.outputs["MissionDeadLetterQueueUrl"],
            MessageBody=json.dumps(ref_fields(ref_of(made, job_id))),
        )

    assert made.until(waiting)["error"] == "Job could not be processed"
    assert made.job(flying)["status"] == "IN_PROGRESS"
