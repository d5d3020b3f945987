"""Reading, listing, updating, cancelling and deleting missions; listing resources."""

import pytest

from jobs.core.status import JobStatus
from jobs.missions.device import TrackPoint
from tests.support import HOUR, NOON

ID = "019b7963-4a00-7000-8000-000000000001"
WAITING = ["PENDING", "QUEUED"]
ENDED = ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"]
TOO_LATE = {
    "update_job": (400, "Cannot update job", "CANNOT_UPDATE_JOB"),
    "cancel_job": (400, "Cannot cancel job", "CANNOT_CANCEL_JOB"),
    "delete_job": (409, "Cannot delete job", "CANNOT_DELETE_JOB"),
}


@pytest.fixture
def in_status(stored):
    """Store a mission of this status."""

    def store(status: str, **about):
        ended_at = NOON if JobStatus(status).is_terminal else None
        return stored(status=JobStatus(status), ended_at=ended_at, **about)

    return store


def error_of(answer) -> tuple[int, str, str]:
    assert answer.body.keys() == {
        "success", "error", "message", "code", "requestId", "timestamp",
    }  # fmt: skip
    return answer.status, answer.body["error"], answer.body["code"]


# ── One job ─────────────────────────────────────────────────────────────────────


def test_get_job_returns_current_state(call, stored) -> None:
    stored(mission={"description": "Look", "device": "dock-1"})

    assert call("get_job").body == {
        "success": True,
        "job": {
            "jobId": ID,
            "name": "Round",
            "description": "Look",
            "deviceId": "dock-1",
            "deviceGroupId": "harbour",
            "status": "PENDING",
            "priority": 5,
            "createdAt": "2026-01-01T12:00:00.000Z",
            "metadata": {},
        },
    }


def test_get_job_adds_the_track_only_if_asked(call, stored, tracks) -> None:
    stored()
    for at in (NOON + 5000, NOON):
        tracks.add(TrackPoint(job=ID, at=at, lon=9.97, lat=53.54, alt=40.5), until=NOON)

    asked = call("get_job", queryStringParameters={"track": "true"})

    assert asked.body["job"]["track"] == [
        [9.97, 53.54, 40.5, NOON], [9.97, 53.54, 40.5, NOON + 5000],
    ]  # fmt: skip
    tracks.of = None  # not even read
    assert "track" not in call("get_job").body["job"]
    assert "track" not in call("get_job", queryStringParameters={"track": "false"}).body["job"]


def test_get_job_of_another_organisation_shows_no_track(call, stored, tracks) -> None:
    stored(tenant="rival")
    tracks.add(TrackPoint(job=ID, at=NOON, lon=9.97, lat=53.54), until=NOON)

    assert call("get_job", queryStringParameters={"track": "true"}).status == 404


def test_get_job_with_invalid_track_names_it(call, stored) -> None:
    stored()

    answer = call("get_job", queryStringParameters={"track": "1"})

    assert (answer.status, [each["field"] for each in answer.body["details"]]) == (400, ["track"])


def test_get_job_past_deadline_has_error(call, stored, clock) -> None:
    stored()
    clock.advance(HOUR)

    job = call("get_job").body["job"]

    assert (job["status"], job["error"]) == ("FAILED", "No device became available in time")
    assert job["completedAt"] == "2026-01-01T13:00:00.000Z"


@pytest.mark.parametrize("status", WAITING)
def test_update_waiting_job_changes_it(call, in_status, clock, status) -> None:
    in_status(status)
    clock.advance(1)

    answer = call("update_job", json_body={"name": "New", "description": "Newer", "priority": 9})

    assert answer.body == {
        "success": True,
        "job": {
            "jobId": ID,
            "name": "New",
            "description": "Newer",
            "status": status,
            "priority": 9,
            "updatedAt": "2026-01-01T12:00:00.001Z",
        },
    }
    assert call("get_job").body["job"].items() >= answer.body["job"].items()


def test_update_moves_pending_job(call, stored, clock) -> None:
    stored()

    answer = call("update_job", json_body={"scheduledAt": "2026-01-01T13:30:00+01:00"})

    assert answer.body["job"]["scheduledAt"] == "2026-01-01T12:30:00.000Z"
    assert call("get_job").body["job"]["scheduledAt"] == "2026-01-01T12:30:00.000Z"
    clock.advance(89 * 60_000)  # half an hour to wait for, and an hour for a device
    assert call("get_job").body["job"]["status"] == "PENDING"


def test_update_moving_queued_job_is_400(call, in_status) -> None:
    in_status("QUEUED")

    answer = call("update_job", json_body={"scheduledAt": "2026-01-01T13:00:00Z"})

    assert error_of(answer) == TOO_LATE["update_job"]
    assert answer.body["message"] == (
        "scheduledAt of a QUEUED job cannot be changed: the job is due"
    )


@pytest.mark.parametrize(("body", "details"), [
    ({}, None),
    ({"scheduledAt": "2025-12-31T11:59:59Z"}, ["scheduledAt"]),
    ({"priority": 0}, ["priority"]),
    ({"name": "New", "status": "CANCELLED"}, ["status"]),
])  # fmt: skip
def test_update_with_invalid_field_is_400(call, stored, body, details) -> None:
    stored()

    answer = call("update_job", json_body=body)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert [each["field"] for each in answer.body.get("details", [])] == (details or [])
    assert "updatedAt" not in call("get_job").body["job"]


@pytest.mark.parametrize("status", WAITING)
def test_cancel_waiting_job_succeeds(call, in_status, status) -> None:
    in_status(status)

    answer = call("cancel_job")

    cancelled = {"jobId": ID, "status": "CANCELLED", "cancelledAt": "2026-01-01T12:00:00.000Z"}
    assert answer.body == {"success": True, "job": cancelled}


@pytest.mark.parametrize("endpoint", ["update_job", "cancel_job"])
@pytest.mark.parametrize("status", ["RUNNING", *ENDED])
def test_change_of_started_job_is_rejected(call, in_status, endpoint, status) -> None:
    in_status(status)

    assert error_of(call(endpoint)) == TOO_LATE[endpoint]


@pytest.mark.parametrize("status", WAITING + ENDED)
def test_delete_job_not_in_flight_succeeds(call, world, in_status, status) -> None:
    in_status(status)

    answer = call("delete_job")

    assert answer.body == {"success": True, "message": "Job deleted successfully"}
    assert call("get_job").status == 404
    assert call("delete_job").status == 404
    ends = [change.status for change in world.repository.changes if change.status]
    assert ends[-1] == (JobStatus.CANCELLED if status in WAITING else status)


def test_delete_job_in_flight_is_409(call, in_status) -> None:
    in_status("RUNNING")

    assert error_of(call("delete_job")) == TOO_LATE["delete_job"]
    assert call("get_job").body["job"]["status"] == "IN_PROGRESS"


# ── Lists ───────────────────────────────────────────────────────────────────────


@pytest.fixture
def listed(call, world):
    def answer(**query):
        world.read_stream()
        return call("list_jobs", queryStringParameters=query or None)

    return answer


def id_of(number: int) -> str:
    return f"{ID[:-4]}{number:04x}"


def test_list_jobs_pages_newest_first(listed, stored) -> None:
    for number in range(25):
        stored(id=id_of(number))

    first = listed()
    last = listed(cursor=first.body["nextCursor"])

    assert first.body.keys() == {"success", "jobs", "count", "nextCursor"}
    assert last.body.keys() == {"success", "jobs", "count"}
    assert (first.body["count"], last.body["count"]) == (20, 5)
    ids = [job["jobId"] for page in (first, last) for job in page.body["jobs"]]
    assert ids == [id_of(number) for number in reversed(range(25))]
    assert first.body["jobs"][0].keys() == {"jobId", "name", "status", "priority", "createdAt"}


def test_list_jobs_by_status_includes_all_internal_statuses(listed, in_status) -> None:
    for number, status in enumerate(["PENDING", "FAILED", "TIMED_OUT", "RUNNING"]):
        in_status(status, id=id_of(number))

    assert [job["jobId"] for job in listed(status="FAILED").body["jobs"]] == [id_of(2), id_of(1)]
    assert [job["jobId"] for job in listed(status="IN_PROGRESS").body["jobs"]] == [id_of(3)]
    assert listed(status="COMPLETED").body == {"success": True, "jobs": [], "count": 0}


@pytest.mark.parametrize("query", [
    {"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"limit": ""}, {"status": "pending"},
])  # fmt: skip
def test_list_jobs_with_invalid_parameter_names_it(listed, query) -> None:
    answer = listed(**query)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert [each["field"] for each in answer.body["details"]] == [*query]


def test_list_jobs_with_cursor_of_other_listing_is_400(listed, stored) -> None:
    for number in range(3):
        stored(id=id_of(number))
    cursor = listed(limit="1").body["nextCursor"]

    for query in ({"cursor": f"{cursor}x"}, {"cursor": cursor, "status": "PENDING"}):
        answer = listed(**query)
        assert error_of(answer) == (400, "invalid_request", "INVALID_REQUEST")


def test_list_jobs_excludes_other_kinds_and_organisations(listed, stored, world, a_job) -> None:
    stored(id=id_of(1), tenant="rival")
    world.repository.add(a_job(id=id_of(2), tenant="demo"))

    assert listed().body["jobs"] == []


# ── Resources ───────────────────────────────────────────────────────────────────


def test_list_resources_returns_groups_with_devices(call, online) -> None:
    online("dock-2")

    assert call("list_resources").body == {
        "success": True,
        "resources": [{
            "deviceGroupId": "harbour",
            "name": "Harbour",
            "description": "A quay",
            "deviceCount": 2,
            "devices": [
                {"deviceId": "dock-1", "name": "Dock 1", "status": "offline"},
                {"deviceId": "dock-2", "name": "Dock 2", "status": "online"},
            ],
        }],
        "count": 1,
    }  # fmt: skip
