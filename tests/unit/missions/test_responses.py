"""Responses of the missions API about jobs and resources."""

from http import HTTPStatus

import pytest

from jobs.core.failure import Failure
from jobs.core.job import JobRef
from jobs.core.list_jobs import JobList
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass
from jobs.missions.api import responses as missions
from jobs.missions.api.addresses import Addresses
from jobs.missions.device import Device, DeviceGroup, DeviceState, Lease, Reading
from jobs.missions.mission import Order
from tests.support import HOUR, NOON

ADDRESSES = Addresses(api="https://api.example/dev", websocket="wss://ws.example/dev")
AT_NOON = "2026-01-01T12:00:00.000Z"
ID = "019b7963-4a00-7000-8000-000000000001"
NEW = {
    "jobId": ID,
    "name": "Round",
    "deviceGroupId": "harbour",
    "status": "PENDING",
    "priority": 5,
    "createdAt": AT_NOON,
    "metadata": {},
}


def job_in(response) -> dict:
    assert response.status is HTTPStatus.OK
    assert response.body["success"] is True
    return response.body["job"]


def ended(status: JobStatus, **about) -> dict:
    return {
        "status": status,
        "sequence": 3,
        "changed_at": NOON + 1500,
        "ended_at": NOON + 1500,
        **about,
    }


def test_job_response_of_new_job_omits_absent_fields(a_mission) -> None:
    assert job_in(missions.job_response(a_mission())) == NEW


def test_job_response_of_complete_job_has_every_field(a_mission) -> None:
    order = Order(device="dock-2", fence=1, number=1, sent_at=NOON)
    mission = {
        "description": "Look", "device": None, "order": order, "scheduled_at": NOON - HOUR,
        "started_at": NOON + 1000,
    }  # fmt: skip
    job = a_mission(
        request={"metadata": {"a": 1}, "missionId": "round", "waypoints": [[9.9, 53.5, 40.0]]},
        mission=mission,
        **ended(JobStatus.SUCCEEDED, result={}),
    )

    assert job_in(missions.job_response(job)) == {
        "jobId": ID, "name": "Round", "description": "Look", "missionId": "round",
        "deviceId": "dock-2", "deviceGroupId": "harbour", "status": "COMPLETED",
        "priority": 5, "scheduledAt": "2026-01-01T11:00:00.000Z", "createdAt": AT_NOON,
        "updatedAt": "2026-01-01T12:00:01.500Z", "startedAt": "2026-01-01T12:00:01.000Z",
        "completedAt": "2026-01-01T12:00:01.500Z", "metadata": {"a": 1},
        "waypoints": [[9.9, 53.5, 40.0]],
    }  # fmt: skip


@pytest.mark.parametrize(("status", "word"), [
    ("PENDING", "PENDING"), ("QUEUED", "QUEUED"), ("RUNNING", "IN_PROGRESS"),
    ("SUCCEEDED", "COMPLETED"), ("FAILED", "FAILED"), ("CANCELLED", "CANCELLED"),
    ("TIMED_OUT", "FAILED"),
])  # fmt: skip
def test_job_response_names_each_status(a_mission, status, word) -> None:
    job = a_mission(status=JobStatus(status), ended_at=NOON)

    assert job_in(missions.job_response(job))["status"] == word


@pytest.mark.parametrize(("about", "mission", "error"), [
    (
        ended(JobStatus.FAILED, failure=Failure("Rotor broke", FailureClass.UNAVAILABLE)),
        {}, "Rotor broke",
    ),
    (ended(JobStatus.TIMED_OUT), {}, "No device became available in time"),
    (ended(JobStatus.TIMED_OUT), {"started_at": NOON},
     "Mission exceeded its maximum flight time; outcome unknown"),
])  # fmt: skip
def test_job_response_of_failed_job_has_time_and_error(a_mission, about, mission, error) -> None:
    found = job_in(missions.job_response(a_mission(mission=mission, **about)))

    assert (found["status"], found["error"]) == ("FAILED", error)
    assert found["completedAt"] == found["updatedAt"] == "2026-01-01T12:00:01.500Z"
    assert "cancelledAt" not in found


def test_job_response_of_cancelled_job_has_time(a_mission) -> None:
    job = a_mission(**ended(JobStatus.CANCELLED))

    assert job_in(missions.job_response(job)).keys() == {*NEW, "updatedAt", "cancelledAt"}
    assert job_in(missions.cancelled_response(job)) == {
        "jobId": ID,
        "status": "CANCELLED",
        "cancelledAt": "2026-01-01T12:00:01.500Z",
    }


def test_updated_at_is_latest_change_of_status_or_caller(a_mission) -> None:
    for changed, amended in ((1500, 1000), (1000, 1500)):
        job = a_mission(
            status=JobStatus.QUEUED,
            sequence=2,
            changed_at=NOON + changed,
            mission={"amended_at": NOON + amended},
        )
        assert job_in(missions.job_response(job))["updatedAt"] == "2026-01-01T12:00:01.500Z"


def test_updated_response_has_changed_fields(a_mission) -> None:
    assert job_in(missions.updated_response(a_mission(mission={"amended_at": NOON}))) == {
        "jobId": ID,
        "name": "Round",
        "status": "PENDING",
        "priority": 5,
        "updatedAt": AT_NOON,
    }


def test_created_response_has_summary(a_mission) -> None:
    answer = missions.created_response(a_mission(), ADDRESSES)

    assert answer.status is HTTPStatus.CREATED
    assert answer.body == {
        "success": True,
        "job": {
            "jobId": ID, "name": "Round", "status": "PENDING", "priority": 5, "createdAt": AT_NOON,
        },
    }  # fmt: skip


def test_created_response_to_legacy_body_has_legacy_shape(a_mission) -> None:
    answer = missions.created_response(
        a_mission(request={"metadata": {}, "legacy": True}), ADDRESSES
    )

    assert answer.status is HTTPStatus.CREATED
    assert answer.body == {
        "jobID": ID,
        "status": "PENDING",
        "createdAt": AT_NOON,
        "DeviceGroupID": "harbour",
        "_links": {
            "self": f"https://api.example/dev/v3/jobs/{ID}",
            "status_ws": f"wss://ws.example/dev?resourceId={ID}",
            "status_mqtt": f"{ID}/JOB/STATUS",
        },
    }


def test_list_response_has_page_and_cursor(a_mission) -> None:
    item = {name: NEW[name] for name in ("jobId", "name", "status", "priority", "createdAt")}

    last = missions.list_response(JobList(jobs=[a_mission()], total=7, cursor=None))
    other = missions.list_response(JobList(jobs=[], total=7, cursor="next"))

    assert last.body == {"success": True, "jobs": [item], "count": 1}
    assert other.body == {"success": True, "jobs": [], "count": 0, "nextCursor": "next"}


def test_resources_response_has_status_of_each_device() -> None:
    docks = [Device(id=f"d{n}", tenant="acme", group="g", name=f"Dock {n}") for n in range(4)]
    ref = JobRef(tenant="acme", kind="missions", id=ID)
    home, away = ({"droneState": state} for state in ("DOCKED", "WAYPOINT"))

    def reading(values) -> Reading:
        return Reading(device="d", sequence=1, online=True, order=None, timestamp="", values=values)

    states = {
        "d0": DeviceState(device="d0"),
        "d1": DeviceState(device="d1", seen_at=NOON, reading=reading(home)),
        "d2": DeviceState(device="d2", seen_at=NOON, reading=reading(away)),
        "d3": DeviceState(device="d3", seen_at=NOON, reading=reading(home),
                          lease=Lease(job=ref, fence=1, until=NOON + 1)),
    }  # fmt: skip
    group = DeviceGroup(id="g", tenant="acme", name="G", description="D", devices=tuple(docks))

    answer = missions.resources_response([group], states, NOON)

    statuses = ["offline", "online", "busy", "busy"]
    assert answer.body == {
        "success": True,
        "resources": [{
            "deviceGroupId": "g",
            "name": "G",
            "description": "D",
            "deviceCount": 4,
            "devices": [
                {"deviceId": f"d{n}", "name": f"Dock {n}", "status": status}
                for n, status in enumerate(statuses)
            ],
        }],
        "count": 1,
    }  # fmt: skip
