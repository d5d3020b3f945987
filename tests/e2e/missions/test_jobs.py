"""Missions as a partner's program asks for them; none of these is flown.

Who gets in, and how far: test_missions_access.py.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup, Plan
from jobs.missions.partner import Role
from tests.e2e.api import Answer, eventually
from tests.e2e.browsers import is_open_to_browsers
from tests.e2e.cloud import Cloud
from tests.e2e.partners import Partner

CREATE: Final = "/v3/jobs/create"
ERROR_FIELDS: Final = {"success", "error", "message", "code", "requestId", "timestamp"}
LINE: Final = Plan(id="line", name="A line", waypoints=((9.97, 53.54, 40.0), (9.98, 53.54, 40.0)))


@pytest.fixture(scope="module")
def fleets(cloud: Cloud) -> DynamoFleetRegistry:
    table = cloud.stack.outputs["RegistryTableName"]
    return DynamoFleetRegistry(cloud.client("dynamodb"), table, clock=lambda: 0)


@pytest.fixture(scope="module")
def make_pilot(make_partner, fleets):
    """Register an organisation with a drone that nobody has switched on."""

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
    """An organisation that tests share: it may create sixty missions a minute."""
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


def refusal(answer: Answer) -> tuple[int, str, str]:
    assert answer.json.keys() >= ERROR_FIELDS
    assert answer.json["success"] is False
    assert is_open_to_browsers(answer)
    return answer.status, answer.json["error"], answer.json["code"]


# ── The life of a mission that is not flown ─────────────────────────────────────


def test_a_mission_that_is_not_due_waits_is_changed_and_called_off(pilot: Partner) -> None:
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


def test_a_mission_that_is_due_is_queued_and_can_be_changed_and_called_off_still(
    pilot: Partner,
) -> None:
    path = create(pilot, scheduledAt="2020-01-01T00:00:00Z")

    eventually(lambda: job_at(pilot, path), lambda job: job["status"] == "QUEUED")
    patched = pilot.send("PATCH", path, {"description": "Wait"}).json["job"]
    cancelled = pilot.post(f"{path}/cancel").json["job"]

    assert (patched["status"], patched["description"]) == ("QUEUED", "Wait")
    assert cancelled["status"] == "CANCELLED"


def test_a_deleted_mission_is_gone(pilot: Partner) -> None:
    path = create(pilot)

    deleted = pilot.send("DELETE", path)

    assert deleted.json == {"success": True, "message": "Job deleted successfully"}
    assert refusal(pilot.get(path)) == (404, "Job not found", "JOB_NOT_FOUND")
    assert refusal(pilot.send("DELETE", path))[0] == 404
    assert path not in [f"/v3/jobs/{job['jobId']}" for job in pilot.get("/v3/jobs").json["jobs"]]


def test_what_is_over_cannot_be_changed_or_called_off_but_deleted(pilot: Partner) -> None:
    path = create(pilot)
    pilot.post(f"{path}/cancel")

    changed, cancelled = pilot.send("PATCH", path, {"name": "x"}), pilot.post(f"{path}/cancel")

    assert refusal(changed) == (400, "Cannot update job", "CANNOT_UPDATE_JOB")
    assert refusal(cancelled) == (400, "Cannot cancel job", "CANNOT_CANCEL_JOB")
    assert pilot.send("DELETE", path).status == 200


def test_the_older_body_is_understood_and_its_link_leads_to_the_job(pilot: Partner) -> None:
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


# ── Once only ───────────────────────────────────────────────────────────────────


def test_twenty_requests_with_one_key_race_for_one_mission(make_pilot) -> None:
    pilot, key, at = make_pilot(), {"Idempotency-Key": str(uuid4())}, in_an_hour()
    assert pilot.token

    with ThreadPoolExecutor(20) as pool:
        answers = [*pool.map(lambda _: ask(pilot, headers=key, scheduledAt=at), range(20))]

    assert {answer.status for answer in answers} == {201}
    [job_id] = {answer.json["job"]["jobId"] for answer in answers}
    assert [job["jobId"] for job in pilot.get("/v3/jobs").json["jobs"]] == [job_id]


def test_a_key_with_another_request_is_a_conflict(pilot: Partner) -> None:
    key = {"Idempotency-Key": str(uuid4())}

    first, other = ask(pilot, headers=key), ask(pilot, headers=key, name="Other")

    assert first.status == 201
    assert refusal(other) == (409, "Idempotency conflict", "IDEMPOTENCY_CONFLICT")


# ── Lists ───────────────────────────────────────────────────────────────────────


def test_missions_are_listed_page_by_page_and_by_their_status(make_pilot) -> None:
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


@pytest.mark.parametrize(("query", "field"), [
    ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("status=x", "status"),
])  # fmt: skip
def test_a_listing_that_cannot_be_is_a_400(pilot: Partner, query: str, field: str) -> None:
    answer = pilot.get(f"/v3/jobs?{query}")

    assert refusal(answer) == (400, "invalid_request", "INVALID_REQUEST")
    assert [each["field"] for each in answer.json["details"]] == [field]


def test_a_cursor_that_is_not_the_callers_is_a_400(pilot: Partner) -> None:
    assert refusal(pilot.get("/v3/jobs?cursor=made-up"))[:2] == (400, "invalid_request")


def test_there_is_a_drone_to_fly_with(pilot: Partner) -> None:
    device = {"deviceId": f"d-{pilot.tenant}", "name": "Dock", "status": "offline"}

    assert pilot.get("/v3/resources").json == {
        "success": True,
        "resources": [{
            "deviceGroupId": f"g-{pilot.tenant}",
            "name": "Field",
            "description": "",
            "deviceCount": 1,
            "devices": [device],
        }],
        "count": 1,
    }  # fmt: skip


# ── Refusals ────────────────────────────────────────────────────────────────────


def test_all_that_is_wrong_with_a_mission_is_said(pilot: Partner) -> None:
    answer = pilot.post(CREATE, {
        "name": " ", "description": 5, "missionId": "", "deviceId": "x" * 129, "priority": 11,
        "scheduledAt": "tomorrow", "metadata": {"simulate": {"outcome": "crash"}},
    })  # fmt: skip

    assert refusal(answer) == (400, "invalid_request", "INVALID_REQUEST")
    assert {each["field"] for each in answer.json["details"]} == {
        "name", "deviceGroupId", "description", "missionId", "deviceId", "priority",
        "scheduledAt", "metadata.simulate.outcome",
    }  # fmt: skip


@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", b'{"name": NaN}', b"\xff", b"[" * 100_000, b'{"name": "\\u0000"}',
])  # fmt: skip
def test_a_body_that_is_no_json_object_is_a_400(pilot: Partner, body: bytes) -> None:
    assert refusal(pilot.post(CREATE, body))[:2] == (400, "invalid_request")


@pytest.mark.parametrize(("fields", "error"), [
    ({"deviceGroupId": "harbour"}, "Device group not found"),  # another organisation's
    ({"deviceGroupId": "nowhere"}, "Device group not found"),
    ({"deviceId": "dock-1"}, "Device not found"),
    ({"missionId": "harbour-round"}, "Mission not found"),
])  # fmt: skip
def test_what_the_organisation_does_not_have_is_not_found(
    pilot: Partner, fields: dict[str, str], error: str
) -> None:
    assert refusal(ask(pilot, **fields))[:2] == (404, error)


def test_a_drone_that_must_be_online_and_is_not_is_a_503(pilot: Partner) -> None:
    metadata = {"offlinePolicy": "reject"}

    answer = ask(pilot, deviceId=f"d-{pilot.tenant}", metadata=metadata)

    assert refusal(answer) == (503, "Device is offline", "DEVICE_OFFLINE")
