"""Missions that are created, changed and cancelled, but not flown."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup, Plan
from jobs.missions.partner import Role
from tests.e2e.api import eventually
from tests.e2e.cloud import Cloud
from tests.e2e.fleets import in_seconds
from tests.e2e.partners import Partner

CREATE: Final = "/v3/jobs/create"
LINE: Final = Plan(id="line", name="A line", waypoints=((9.97, 53.54, 40.0), (9.98, 53.54, 40.0)))


@pytest.fixture(scope="module")
def fleets(cloud: Cloud) -> DynamoFleetRegistry:
    table = cloud.stack.outputs["RegistryTableName"]
    return DynamoFleetRegistry(cloud.client("dynamodb"), table, clock=lambda: 0)


@pytest.fixture(scope="module")
def pilot(make_partner, fleets) -> Partner:
    """Register an organisation with a drone whose dock is off.

    The tests share it: it may create sixty missions a minute.
    """
    partner: Partner = make_partner(Role.PILOT)
    group, device = f"g-{partner.tenant}", f"d-{partner.tenant}"
    devices = (Device(id=device, tenant=partner.tenant, group=group, name="Dock"),)
    fleets.put_group(DeviceGroup(id=group, tenant=partner.tenant, name="Field", devices=devices))
    fleets.put_plan(partner.tenant, LINE)
    return partner


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def create(pilot: Partner, **fields: Any) -> str:
    sane = {"name": "Round", "deviceGroupId": f"g-{pilot.tenant}", "scheduledAt": in_an_hour()}
    answer = pilot.post(CREATE, sane | fields)
    assert answer.status == 201, answer
    return f"/v3/jobs/{answer.json['job']['jobId']}"


def job_at(pilot: Partner, path: str) -> Any:
    answer = pilot.get(path)
    assert answer.status == 200, answer
    return answer.json["job"]


# ── The life of a mission that is not flown ─────────────────────────────────────


def test_scheduled_mission_can_be_changed_and_cancelled(pilot: Partner) -> None:
    device, metadata = f"d-{pilot.tenant}", {"customer": "ACME", "big": 10**30, "float": 1.0}
    path = create(
        pilot, description="Look", missionId="line", deviceId=device, priority=3, metadata=metadata
    )

    created = job_at(pilot, path)
    patched = pilot.send("PATCH", path, {"priority": 9, "name": "Sooner"}).json["job"]
    cancelled = pilot.post(f"{path}/cancel").json["job"]
    ended = job_at(pilot, path)

    assert created["status"] == "PENDING"
    assert (created["missionId"], created["deviceId"]) == ("line", device)
    assert (created["description"], created["metadata"]) == ("Look", metadata)
    assert "updatedAt" not in created
    assert (patched["status"], patched["priority"], patched["name"]) == ("PENDING", 9, "Sooner")
    assert (cancelled["status"], ended["status"]) == ("CANCELLED", "CANCELLED")
    assert ended["cancelledAt"] == cancelled["cancelledAt"]
    assert (ended["priority"], ended["createdAt"]) == (9, created["createdAt"])


def test_due_mission_is_queued_and_can_be_changed_and_cancelled(pilot: Partner) -> None:
    path = create(pilot, scheduledAt=in_seconds(-3600))

    eventually(lambda: job_at(pilot, path), lambda job: job["status"] == "QUEUED")
    patched = pilot.send("PATCH", path, {"description": "Wait"}).json["job"]
    cancelled = pilot.post(f"{path}/cancel").json["job"]

    assert (patched["status"], patched["description"]) == ("QUEUED", "Wait")
    assert cancelled["status"] == "CANCELLED"


def test_deleted_mission_is_not_found_or_listed(pilot: Partner) -> None:
    path = create(pilot)

    deleted = pilot.send("DELETE", path)

    assert deleted.json == {"success": True, "message": "Job deleted successfully"}
    assert pilot.get(path).error == (404, "Job not found")
    assert path not in [f"/v3/jobs/{job['jobId']}" for job in pilot.get("/v3/jobs").json["jobs"]]


def test_legacy_body_returns_a_link_to_the_mission(pilot: Partner) -> None:
    point = {"type": "Point", "coordinates": [9.97, 53.54]}
    body = {"DeviceGroupID": f"g-{pilot.tenant}", "ActionOnArrival": "ORBIT"}

    answer = pilot.post(CREATE, body | {"DesiredLocation": point})

    made = answer.json
    assert answer.status == 201
    assert made.keys() == {"jobID", "status", "createdAt", "DeviceGroupID", "_links"}
    assert made["_links"]["self"] == f"{pilot.base_url}/v3/jobs/{made['jobID']}"
    assert made["_links"]["status_mqtt"] == f"{made['jobID']}/JOB/STATUS"
    pilot.post(f"/v3/jobs/{made['jobID']}/cancel")
    assert job_at(pilot, f"/v3/jobs/{made['jobID']}")["name"] == "Orbit at 53.54000, 9.97000"
