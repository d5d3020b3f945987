"""Parsing of requests to the missions API."""

import json

import pytest

from jobs.core.errors import JobNotFoundError
from jobs.core.status import JobStatus
from jobs.kit.http import BadRequestError, Request
from jobs.missions.api import query as missions_query
from jobs.missions.api import requests as missions_request
from jobs.missions.partner import Caller, Role
from tests.support import HOUR, NOON

CALLER = Caller(tenant="acme", client_id="c", role=Role.PILOT)
SANE = {"name": "Round", "deviceGroupId": "harbour"}
HARBOUR = {"type": "Point", "coordinates": [9.97, 53.54]}
OLDER = {"DeviceGroupID": "harbour", "ActionOnArrival": "HOVER", "DesiredLocation": HARBOUR}
YEAR = 365 * 24 * HOUR


def request(body=None, **about) -> Request:
    return Request({"body": json.dumps(body), **about})


def create(body, **headers):
    return missions_request.parse_create(request(body, headers=headers), CALLER, now=NOON)


def wrong_in(read, *args) -> dict[str, str]:
    with pytest.raises(BadRequestError) as error:
        read(*args)
    return dict(error.value.details)


# ── Create ──────────────────────────────────────────────────────────────────────


def test_create_with_name_and_group_uses_defaults() -> None:
    mission = create(SANE)

    assert (mission.tenant, mission.name, mission.group) == ("acme", "Round", "harbour")
    assert (mission.action, mission.plan, mission.place) == ("HOVER", None, None)
    assert (mission.priority, mission.scheduled_at, mission.online_only) == (5, None, False)
    assert mission.request == {"metadata": {}}


def test_create_with_all_fields_is_parsed() -> None:
    metadata = {"z": 1.0, "a": [10**30, None], "simulate": {"speed": "fast", "outcome": "fail"}}

    mission = create(SANE | {
        "description": "", "missionId": "round", "deviceId": "dock-1", "priority": 10,
        "scheduledAt": "2026-01-01T14:00:00+01:00", "metadata": metadata, "more": "ignored",
    })  # fmt: skip

    assert (mission.description, mission.plan, mission.device) == ("", "round", "dock-1")
    assert (mission.action, mission.priority, mission.scheduled_at) == ("MISSION", 10, NOON + HOUR)
    assert json.dumps(mission.request["metadata"]) == json.dumps(metadata)


def test_offline_policy_reject_requires_online_device() -> None:
    for word, demanded in (("reject", True), ("queue", False), (None, False)):
        assert create(SANE | {"metadata": {"offlinePolicy": word}}).online_only is demanded


@pytest.mark.parametrize(("field", "values"), [
    ("name", [None, "", " \t", "x" * 201, 5, ["a"]]),
    ("deviceGroupId", [None, "", "x" * 129, "a\nb", "a\x7f", 5]),
    ("description", [None, "x" * 2001, 5]),
    ("missionId", [None, "", "x" * 129, "a\x1b", {}]),
    ("deviceId", [None, "", "x" * 129, 7]),
    ("priority", [None, 0, 11, -1, True, 5.5, "5", 10**400, []]),
    ("scheduledAt", [
        None, "", "tomorrow", "2026-01-01", "2026-01-01T12:00:00", "2026-01-01 12:00:00Z",
        "2026-13-01T12:00:00Z", "2026-01-01T25:00:00Z", "2026-W01-4T12:00:00Z", NOON,
        "2027-01-01T12:00:01Z", "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59", "2025-12-31T11:59:59Z", "1970-01-01T00:00:00Z",
    ]),
    ("metadata", [None, [], "x", 5, {"x": "é" * 5000}]),
    ("metadata.simulate", [{"simulate": each} for each in (None, "fast", [])]),
    ("metadata.simulate.speed", [{"simulate": {"speed": each}} for each in (None, "slow", [])]),
    ("metadata.simulate.outcome", [{"simulate": {"outcome": each}} for each in ("crash", 1)]),
    ("metadata.simulate.wind", [{"simulate": {"wind": 1}}]),
])  # fmt: skip
def test_create_with_invalid_field_names_it(field, values) -> None:
    for value in values:
        assert [*wrong_in(create, SANE | {field.split(".")[0]: value})] == [field], value


def test_whole_number_written_as_float_is_an_integer() -> None:
    mission = create(SANE | {"priority": 5.0})

    assert (mission.priority, type(mission.priority)) == (5, int)
    assert mission.request_hash == create(SANE | {"priority": 5}).request_hash


def test_create_with_several_invalid_fields_names_each() -> None:
    body = {"description": 5, "priority": 99, "metadata": {"simulate": {"speed": 1, "outcome": 2}}}

    assert {*wrong_in(create, body)} == {
        "name", "deviceGroupId", "description", "priority",
        "metadata.simulate.speed", "metadata.simulate.outcome",
    }  # fmt: skip


@pytest.mark.parametrize(("text", "since"), [
    ("2026-01-01T12:00:00Z", 0), ("2026-01-01T12:00:00.1239Z", 123), ("2026-01-01t12:00z", 0),
    ("2026-01-01T07:00:00-05:00", 0), ("2026-01-01T12:30:00+0030", 0),
    ("2027-01-01T12:00:00Z", YEAR), ("2025-12-31T12:00:00+00:00", -24 * HOUR),
])  # fmt: skip
def test_scheduled_at_accepts_iso_8601_variants(text, since) -> None:
    assert create(SANE | {"scheduledAt": text}).scheduled_at == NOON + since


@pytest.mark.parametrize("body", [None, [], "text", 5, True])
def test_create_with_non_object_body_is_rejected(body) -> None:
    assert wrong_in(create, body) == {}


def test_request_hash_ignores_order_of_keys() -> None:
    body = SANE | {"metadata": {"a": 1, "b": 2}}
    turned = {"metadata": {"b": 2, "a": 1}, **dict(reversed(SANE.items()))}

    assert create(body).request_hash == create(turned).request_hash
    assert create(body).request_hash != create(body | {"priority": 6}).request_hash


def test_create_takes_idempotency_key_from_header() -> None:
    assert create(SANE, **{"idempotency-key": "once"}).idempotency_key == "once"


# ── Create with the legacy body ────────────────────────────────────────────────────


def test_create_with_legacy_body_is_parsed() -> None:
    mission = create(OLDER | {"MissionID": "round", "ActionOnArrival": "MISSION"})

    assert (mission.name, mission.group, mission.plan) == ("Mission round", "harbour", "round")
    assert (mission.action, mission.priority) == ("MISSION", 5)
    assert mission.request == {
        "missionId": "round", "location": HARBOUR, "metadata": {}, "legacy": True,
    }  # fmt: skip


@pytest.mark.parametrize("action", ["HOVER", "ORBIT"])
def test_create_with_legacy_location_is_parsed(action) -> None:
    mission = create(OLDER | {"ActionOnArrival": action})

    assert mission.name == f"{action.capitalize()} at 53.54000, 9.97000"
    assert (mission.action, mission.plan, mission.place) == (action, None, [9.97, 53.54])


@pytest.mark.parametrize(("change", "wrong"), [
    ({"DeviceGroupID": 5}, {"DeviceGroupID"}),
    ({"ActionOnArrival": "LAND"}, {"ActionOnArrival"}),
    ({"ActionOnArrival": ["HOVER"]}, {"ActionOnArrival"}),
    ({"ActionOnArrival": "MISSION"}, {"MissionID"}),
    ({"ActionOnArrival": "MISSION", "MissionID": ""}, {"MissionID"}),
    ({"ActionOnArrival": "MISSION", "DeviceGroupID": ""}, {"MissionID", "DeviceGroupID"}),
    ({"DesiredLocation": "here"}, {"DesiredLocation"}),
    ({"DesiredLocation": {}}, {"DesiredLocation.type", "DesiredLocation.coordinates"}),
    ({"DesiredLocation": HARBOUR | {"type": "Polygon"}}, {"DesiredLocation.type"}),
])  # fmt: skip
def test_create_with_invalid_legacy_field_names_it(change, wrong) -> None:
    assert {*wrong_in(create, OLDER | change)} == wrong


@pytest.mark.parametrize("field", ["DeviceGroupID", "ActionOnArrival", "DesiredLocation"])
def test_create_with_missing_legacy_field_names_it(field) -> None:
    body = {name: value for name, value in OLDER.items() if name != field}

    assert [*wrong_in(create, body)] == [field]


@pytest.mark.parametrize("coordinates", [
    [], [9], [9, 53, 40, 1], [181, 53], [9, 91], [9, 53, 501], [9, 53, -1], [9, -91], [-180.1, 53],
])  # fmt: skip
def test_location_out_of_range_is_rejected(coordinates) -> None:
    body = OLDER | {"DesiredLocation": {"type": "Point", "coordinates": coordinates}}

    assert [*wrong_in(create, body)] == ["DesiredLocation.coordinates"]


@pytest.mark.parametrize("coordinate", [True, "9", None, 10**400])
def test_location_with_non_number_is_rejected(coordinate) -> None:
    body = OLDER | {"DesiredLocation": {"type": "Point", "coordinates": [coordinate, 53]}}

    assert [*wrong_in(create, body)] == ["DesiredLocation.coordinates.0"]


# ── Updates and queries ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("body", [
    {"name": "New"}, {"description": ""}, {"priority": 1},
    {"name": "New", "description": "Newer", "priority": 10},
])  # fmt: skip
def test_update_is_parsed(body) -> None:
    assert missions_request.parse_update(request(body), now=NOON) == body


@pytest.mark.parametrize(("body", "wrong"), [
    ({}, set()),
    ([], set()),
    ({"status": "CANCELLED"}, {"status"}),
    ({"name": "New", "jobId": "1", "deviceId": "x"}, {"jobId", "deviceId"}),
    ({"name": " ", "description": None, "priority": 11}, {"name", "description", "priority"}),
])  # fmt: skip
def test_update_with_other_field_is_rejected(body, wrong) -> None:
    def read() -> None:
        missions_request.parse_update(request(body), now=NOON)

    assert {*wrong_in(read)} == wrong


def test_create_with_many_invalid_fields_names_only_some() -> None:
    def read() -> None:
        missions_request.parse_update(request({f"field{n}": n for n in range(5000)}), now=NOON)

    assert len(wrong_in(read)) == 100


@pytest.mark.parametrize(("text", "limit"), [(None, 20), ("1", 1), ("100", 100)])
def test_limit_is_parsed(text, limit) -> None:
    assert missions_query.parse_limit(request(queryStringParameters={"limit": text})) == limit


@pytest.mark.parametrize("text", ["", "0", "101", "-1", "+5", "1.5", "ten", "5 ", "٣", "9" * 5000])
def test_limit_out_of_range_is_rejected(text) -> None:
    query = request(queryStringParameters={"limit": text})

    assert [*wrong_in(missions_query.parse_limit, query)] == ["limit"]


def test_status_is_parsed() -> None:
    def named(word: str | None) -> set[JobStatus]:
        return {*missions_query.parse_statuses(request(queryStringParameters={"status": word}))}

    assert named(None) == set()
    assert named("IN_PROGRESS") == {JobStatus.RUNNING}
    assert named("FAILED") == {JobStatus.FAILED, JobStatus.TIMED_OUT}


@pytest.mark.parametrize("word", ["", "pending", "RUNNING", "INPROGRESS"])
def test_unknown_status_is_rejected(word) -> None:
    query = request(queryStringParameters={"status": word})

    assert [*wrong_in(missions_query.parse_statuses, query)] == ["status"]


@pytest.mark.parametrize("job_id", ["1", "019B7963-4A00-7000-8000-00000000000x", "..", ""])
def test_invalid_job_id_is_not_found(job_id) -> None:
    with pytest.raises(JobNotFoundError):
        missions_query.parse_ref(request(pathParameters={"jobId": job_id}), CALLER)
