"""Missions that are created, changed and cancelled, but not flown."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup, Plan
from jobs.missions.partner import Role
from tests.e2e.api import Answer, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.partners import Partner

CREATE: Final = "/v3/jobs/create"
LINE: Final = Plan(id="line", name="A line", waypoints=((9.97, 53.54, 40.0), (9.98, 53.54, 40.0)))


@pytest.fixture(scope="module")
def fleets(cloud: Cloud) -> DynamoFleetRegistry:
    table = cloud.stack.outputs["RegistryTableName"]
    return DynamoFleetRegistry(cloud.client("dynamodb"), table, clock=lambda: 0)


@pytest.fixture(scope="module")
def make_pilot(make_partner, fleets):
    """Register an organisation with a drone whose dock is off."""

    def make() -> Partner:
        partner = make_partner(Role.PILOT)
        group, device = f"g-{partner.tenant}", f"d-{partner.tenant}"
        devices = (Device(id=device, tenant=partner.tenant, group=group, name="Dock"),)
        fleets.put_group(
            DeviceGroup(id=group, tenant=partner.tenant, name="Field", devices=devices)
        )
        fleets.put_plan(partner.tenant, LINE)
        return partner

    return make


@pytest.fixture(scope="module")
def pilot(make_pilot) -> Partner:
    """Return an organisation that the tests share: it may create sixty missions a minute."""
    made: Partner = make_pilot()
    return made


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def ask(pilot: Partner, *, headers: dict[str, str] | None = None, **fields: Any) -> Answer:
    sane = {"name": "Round", "deviceGroupId": f"g-{pilot.tenant}", "scheduledAt": in_an_hour()}
    return pilot.send("POST", CREATE, sane | fields, headers)


def create(pilot: Partner, **fields: Any) -> str:
    answer = ask(pilot, **fields)
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
    path = create(pilot, scheduledAt="2020-01-01T00:00:00Z")

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


def test_twenty_requests_with_one_key_create_one_mission(make_pilot) -> None:
    pilot, key, at = make_pilot(), {"Idempotency-Key": str(uuid4())}, in_an_hour()
    assert pilot.token

    with ThreadPoolExecutor(20) as pool:
        answers = [*pool.map(lambda _: ask(pilot, headers=key, scheduledAt=at), range(20))]

    assert {answer.status for answer in answers} == {201}
    [job_id] = {answer.json["job"]["jobId"] for answer in answers}
    assert [job["jobId"] for job in pilot.get("/v3/jobs").json["jobs"]] == [job_id]
    other = ask(pilot, headers=key, scheduledAt=at, name="Other")
    assert other.error == (409, "Idempotency conflict")


def test_missions_are_listed_by_page_and_by_status(make_pilot) -> None:
    pilot = make_pilot()
    paths = [create(pilot) for _ in range(5)]
    pilot.post(f"{paths[2]}/cancel")
    ids = [path.rsplit("/", maxsplit=1)[-1] for path in reversed(paths)]

    def ids_at(query: str) -> list[str]:
        return [job["jobId"] for job in pilot.get(f"/v3/jobs{query}").json["jobs"]]

    assert ids_at("") == ids
    first = pilot.get("/v3/jobs?limit=3").json
    last = pilot.get(f"/v3/jobs?limit=3&cursor={first['nextCursor']}").json
    assert [job["jobId"] for job in first["jobs"] + last["jobs"]] == ids
    assert (first["count"], last["count"], "nextCursor" in last) == (3, 2, False)
    eventually(lambda: ids_at("?status=CANCELLED"), lambda found: found == [ids[2]])
    eventually(lambda: ids_at("?status=PENDING"), lambda found: found == ids[:2] + ids[3:])
