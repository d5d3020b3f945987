"""POST /v3/jobs/create."""

import json

import pytest

from jobs.core.job import JobRef
from jobs.core.webhook import Webhook
from tests.handlers.conftest import TENANT
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


def test_the_answer_is_as_the_contract_has_it(call, world) -> None:
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
    assert stored.request["waypoints"] == [[9.97, 53.54, 40.0]]


def test_whoever_asks_as_before_is_answered_as_before(create) -> None:
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


def test_links_lead_to_where_the_deployer_says_that_we_are(create, monkeypatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://api.example.com")

    answer = create(OLDER)

    wanted = f"https://api.example.com/v3/jobs/{answer.body['jobID']}"
    assert answer.body["_links"]["self"] == wanted


def test_all_that_is_wrong_is_said_at_once(create) -> None:
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
def test_what_is_no_object_of_storable_json_is_a_400(call, text) -> None:
    answer = call("create_job", body=text)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert "details" not in answer.body


def test_a_body_of_another_kind_is_a_400(create) -> None:
    answer = create(**{"Content-Type": "text/plain"})

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_body_that_is_too_large_is_a_413(create) -> None:
    assert create(SANE | {"description": "x" * 2**20}).status == 413


@pytest.mark.parametrize(("change", "error"), [
    ({"deviceGroupId": "unknown"}, "Device group not found"),
    ({"deviceGroupId": "theirs"}, "Device group not found"),
    ({"deviceId": "dock-9"}, "Device not found"),
    ({"missionId": "unknown"}, "Mission not found"),
])  # fmt: skip
def test_what_is_not_there_to_be_flown_is_a_404(create, change, error) -> None:
    answer = create(SANE | change)

    assert (answer.status, answer.body["error"]) == (404, error)
    assert answer.body.keys() == {
        "success", "error", "message", "code", "requestId", "timestamp",
    }  # fmt: skip


def test_a_device_that_must_be_online_and_is_not_is_a_503(create, online) -> None:
    demanding = SANE | {"deviceId": "dock-1", "metadata": {"offlinePolicy": "reject"}}

    refused = create(demanding)
    online("dock-1")
    granted = create(demanding)

    assert (refused.status, refused.body["code"]) == (503, "DEVICE_OFFLINE")
    assert granted.status == 201


def test_one_key_makes_one_mission_and_not_another(create) -> None:
    key = {"Idempotency-Key": "once"}

    first, again, other = create(**key), create(**key), create(SANE | {"priority": 9}, **key)

    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (other.status, other.body["error"]) == (409, "Idempotency conflict")
    assert other.body["code"] == "IDEMPOTENCY_CONFLICT"


def test_a_key_that_cannot_be_one_is_a_400(create) -> None:
    assert create(**{"Idempotency-Key": "x" * 256}).status == 400


def test_an_organisation_may_create_sixty_missions_a_minute(create, clock) -> None:
    answers = [create() for _ in range(61)]

    assert [answer.status for answer in answers] == [201] * 60 + [429]
    assert answers[0].headers["X-RateLimit-Limit"] == "60"
    assert answers[0].headers["X-RateLimit-Remaining"] == "59"
    assert answers[60].headers["X-RateLimit-Remaining"] == "0"
    clock.advance(60_000)
    assert create().status == 201


def test_another_version_of_the_api_is_a_415(create) -> None:
    answer = create(Accept="application/vnd.idi-fly.api-v2+json")

    assert (answer.status, answer.body["supportedVersions"]) == (415, ["v3"])


def test_metadata_comes_back_as_it_went_in(create, call) -> None:
    text = '{"b":1.0,"a":[10e2,12345678901234567890,null],"simulate":{"speed":"fast"},"":"ž🚁"}'

    made = create(SANE | {"metadata": json.loads(text)}).body["job"]["jobId"]

    found = call("get_job", pathParameters={"jobId": made})
    assert json.dumps(found.body["job"]["metadata"]) == json.dumps(json.loads(text))


def test_a_mission_may_say_whom_to_tell(create, world) -> None:
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
def test_a_missions_webhook_that_cannot_be_is_named(create, webhook, field) -> None:
    answer = create(SANE | {"webhook": webhook})

    assert answer.status == 400
    assert [each["field"] for each in answer.body["details"]] == [field]
