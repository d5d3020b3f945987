"""POST /v3/jobs/create."""

import json

import pytest

from jobs.core.job import JobRef
from jobs.core.webhook import Webhook
from tests.handlers.conftest import TENANT
from tests.handlers.fleet import CLIENT
from tests.support import HOUR, NOON

SANE = {"name": "Round", "deviceGroupId": "harbour"}
OLDER = {"DeviceGroupID": "harbour", "ActionOnArrival": "MISSION", "MissionID": "harbour-round"}


@pytest.fixture
def create(call):
    def answer(body=SANE, **headers):
        return call(
            "create_job",
            json_body=body,
            headers={"Content-Type": "application/json"} | headers,
        )

    return answer


def test_create_job_returns_contract_shape(call, world) -> None:
    answer = call("create_job")

    job = answer.body["job"]
    assert (answer.status, answer.body) == (201, {
        "success": True,
        "job": {
            "jobId": job["jobId"],
            "name": "Inspection Mission Alpha",
            "status": "PENDING",
            "priority": 5,
            "createdAt": "2026-01-01T12:00:00.000Z",
        },
    })  # fmt: skip
    stored = world.repository.get(JobRef(tenant=TENANT, kind="missions", id=job["jobId"]))
    assert stored.deadline == NOON + HOUR
    assert stored.key_id == CLIENT
    assert stored.request["waypoints"] == [[9.97, 53.54, 40.0]]


def test_create_job_with_legacy_body_returns_legacy_shape(create) -> None:
    answer = create(OLDER)

    job_id = answer.body["jobID"]
    assert (answer.status, answer.body) == (201, {
        "jobID": job_id,
        "status": "PENDING",
        "createdAt": "2026-01-01T12:00:00.000Z",
        "DeviceGroupID": "harbour",
        "_links": {
            "self": "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/dev"
                    f"/v3/jobs/{job_id}",
            "status_ws": f"wss://ws.example/dev?resourceId={job_id}",
            "status_mqtt": f"{job_id}/JOB/STATUS",
        },
    })  # fmt: skip


def test_legacy_links_use_configured_address(create, monkeypatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://api.example.com")

    answer = create(OLDER)

    wanted = f"https://api.example.com/v3/jobs/{answer.body['jobID']}"
    assert answer.body["_links"]["self"] == wanted


def test_create_job_with_invalid_fields_names_all(create) -> None:
    answer = create({"priority": 11, "metadata": {"simulate": {"speed": "slow"}}})

    assert answer.status == 400
    assert answer.body == {
        "success": False,
        "error": "invalid_request",
        "message": "Missing or invalid parameters",
        "code": "INVALID_REQUEST",
        "details": [
            {"field": "name", "message": "Field required"},
            {"field": "deviceGroupId", "message": "Field required"},
            {"field": "priority", "message": "Input should be less than or equal to 10"},
            {"field": "metadata.simulate.speed", "message": "Input should be 'real' or 'fast'"},
        ],
        "requestId": "11111111-2222-3333-4444-555555555555",
        "timestamp": "2026-01-01T12:00:00.000Z",
    }


@pytest.mark.parametrize("text", [
    "", "{", "null", "[]", '"text"', "5", '{"name": NaN}', '{"name": "\\ud800"}', "[" * 5000,
    '{"priority": 1e999}', '{"priority": ' + "1" * 5000 + "}", '{"name": "\\u0000"}',
])  # fmt: skip
def test_create_job_with_unstorable_json_is_400(call, text) -> None:
    answer = call("create_job", body=text)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert "details" not in answer.body


def test_create_job_with_other_content_type_is_400(create) -> None:
    answer = create(**{"Content-Type": "text/plain"})

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_create_job_with_large_body_is_413(create) -> None:
    assert create(SANE | {"description": "x" * 2**20}).status == 413


@pytest.mark.parametrize(("change", "error"), [
    ({"deviceGroupId": "unknown"}, "Device group not found"),
    ({"deviceGroupId": "theirs"}, "Device group not found"),
    ({"deviceId": "dock-9"}, "Device not found"),
    ({"missionId": "unknown"}, "Mission not found"),
])  # fmt: skip
def test_create_job_with_unknown_resource_is_404(create, change, error) -> None:
    answer = create(SANE | change)

    assert (answer.status, answer.body["error"]) == (404, error)
    assert answer.body.keys() == {
        "success", "error", "message", "code", "requestId", "timestamp",
    }  # fmt: skip


def test_create_job_requiring_offline_device_is_503(create, online) -> None:
    demanding = SANE | {"deviceId": "dock-1", "metadata": {"offlinePolicy": "reject"}}

    rejected = create(demanding)
    online("dock-1")
    granted = create(demanding)

    assert (rejected.status, rejected.body["code"]) == (503, "DEVICE_OFFLINE")
    assert granted.status == 201


def test_create_job_with_used_key_returns_first_or_409(create) -> None:
    key = {"Idempotency-Key": "once"}

    first, again, other = create(**key), create(**key), create(SANE | {"priority": 9}, **key)

    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (other.status, other.body["error"]) == (409, "Idempotency conflict")
    assert other.body["code"] == "IDEMPOTENCY_CONFLICT"


def test_create_job_with_invalid_key_is_400(create) -> None:
    assert create(**{"Idempotency-Key": "x" * 256}).status == 400


def test_create_job_over_60_a_minute_is_429(create, clock) -> None:
    answers = [create() for _ in range(61)]

    assert [answer.status for answer in answers] == [201] * 60 + [429]
    assert answers[0].headers["X-RateLimit-Limit"] == "60"
    assert answers[0].headers["X-RateLimit-Remaining"] == "59"
    assert answers[60].headers["X-RateLimit-Remaining"] == "0"
    clock.advance(60_000)
    assert create().status == 201


def test_create_job_for_other_version_is_415(create) -> None:
    answer = create(Accept="application/vnd.idi-fly.api-v2+json")

    assert (answer.status, answer.body["supportedVersions"]) == (415, ["v3"])


def test_metadata_is_returned_unchanged(create, call) -> None:
    text = '{"b":1.0,"a":[10e2,12345678901234567890,null],"simulate":{"speed":"fast"},"":"ž🚁"}'

    made = create(SANE | {"metadata": json.loads(text)}).body["job"]["jobId"]

    found = call("get_job", pathParameters={"jobId": made})
    assert json.dumps(found.body["job"]["metadata"]) == json.dumps(json.loads(text))


def test_create_job_with_webhook_stores_it(create, world) -> None:
    answer = create(SANE | {"webhook": {"url": "https://hooks.example.com", "events": ["queued"]}})

    [job] = world.repository.all()
    assert answer.status == 201
    assert job.webhook == Webhook(url="https://hooks.example.com", events=frozenset({"queued"}))


@pytest.mark.parametrize(("webhook", "field"), [
    ({"url": "http://hooks.example.com"}, "webhook.url"),
    ({"url": "https://192.168.0.1"}, "webhook.url"),
    ({"events": ["queued"]}, "webhook.url"),
    ({"url": "https://hooks.example.com", "events": ["landed"]}, "webhook.events.0"),
    ("https://hooks.example.com", "webhook"),
    (None, "webhook"),
])  # fmt: skip
def test_create_job_with_invalid_webhook_names_field(create, webhook, field) -> None:
    answer = create(SANE | {"webhook": webhook})

    assert answer.status == 400
    assert [each["field"] for each in answer.body["details"]] == [field]
