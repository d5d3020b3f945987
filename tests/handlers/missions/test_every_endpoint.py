"""Behaviour common to all endpoints of the missions API, tested on each."""

import json

import pytest

from jobs.kit.errors import UnavailableError
from jobs.missions.wiring import wiring as missions
from tests.support import Broken

SUCCESS = {
    "create_job": 201,
    "list_jobs": 200,
    "get_job": 200,
    "update_job": 200,
    "delete_job": 200,
    "cancel_job": 200,
    "list_resources": 200,
    "list_plans": 200,
}
PILOTS = ["create_job", "update_job", "delete_job", "cancel_job"]
OF_ONE_JOB = ["get_job", "update_job", "delete_job", "cancel_job"]


def as_role(event, scope: str) -> dict:
    context = event["requestContext"]
    claims = context["authorizer"]["claims"] | {"scope": scope}
    return context | {"authorizer": {"claims": claims}}


@pytest.mark.parametrize("endpoint", SUCCESS)
def test_example_event_succeeds(call, stored, endpoint) -> None:
    stored()

    answer = call(endpoint)

    assert answer.status == SUCCESS[endpoint]
    assert answer.body["success"] is True


@pytest.mark.parametrize("endpoint", SUCCESS)
def test_viewer_of_pilot_endpoint_gets_403(call, event, stored, endpoint) -> None:
    stored()
    viewer = as_role(event(f"missions/{endpoint}"), "missions/viewer")

    answer = call(endpoint, requestContext=viewer)

    assert answer.status == (403 if endpoint in PILOTS else 200)
    if endpoint in PILOTS:
        assert answer.body == {
            "success": False,
            "error": "Insufficient permissions",
            "message": "This needs the role PILOT",
            "code": "INSUFFICIENT_PERMISSIONS",
            "requestId": "11111111-2222-3333-4444-555555555555",
            "timestamp": "2026-01-01T12:00:00.000Z",
        }


@pytest.mark.parametrize("endpoint", OF_ONE_JOB)
@pytest.mark.parametrize("job_id", [
    "019b7963-4a00-7000-8000-00000000ffff", "not-an-id", "019B7963-4A00-7000-8000-000000000001#x",
])  # fmt: skip
def test_unknown_or_invalid_job_id_is_404(call, stored, endpoint, job_id) -> None:
    stored()

    answer = call(endpoint, pathParameters={"jobId": job_id})

    assert (answer.status, answer.body) == (404, NOT_FOUND)


@pytest.mark.parametrize("endpoint", OF_ONE_JOB)
def test_job_of_other_organisation_is_same_404(call, stored, endpoint) -> None:
    stored(tenant="rival")

    answer = call(endpoint)

    assert (answer.status, answer.body) == (404, NOT_FOUND)


NOT_FOUND = {
    "success": False,
    "error": "Job not found",
    "message": "Your organisation has no job of this id",
    "code": "JOB_NOT_FOUND",
    "requestId": "11111111-2222-3333-4444-555555555555",
    "timestamp": "2026-01-01T12:00:00.000Z",
}


@pytest.fixture
def break_ports(rewire):
    def fail_with(error: Exception) -> None:
        rewire(missions.core, jobs=Broken(error), counters=Broken(error))
        rewire(missions, fleet_registry=Broken(error), fleet=Broken(error))

    return fail_with


@pytest.mark.parametrize("endpoint", SUCCESS)
def test_throttled_database_is_503_with_retry_after(call, break_ports, endpoint) -> None:
    break_ports(UnavailableError("ThrottlingException"))

    answer = call(endpoint)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert answer.body["code"] == "UNAVAILABLE"


@pytest.mark.parametrize("endpoint", SUCCESS)
def test_unexpected_error_is_logged_and_hidden(call, break_ports, log, endpoint) -> None:
    break_ports(RuntimeError("table sortie-secret at 10.0.0.1 is on fire"))

    answer = call(endpoint)

    assert (answer.status, answer.body["code"]) == (500, "INTERNAL_ERROR")
    assert "sortie-secret" not in answer.text
    assert "sortie-secret" in json.dumps(log())


@pytest.mark.parametrize("endpoint", SUCCESS)
def test_log_contains_neither_tokens_nor_content(call, event, stored, log, endpoint) -> None:
    stored(mission={"name": "Hush"})
    sent = event(f"missions/{endpoint}")

    call(endpoint)

    logged = json.dumps(log())
    assert log()
    for secret in (sent["headers"]["Authorization"], "Hush", "ACME", "Inspection"):
        assert secret not in logged


@pytest.mark.parametrize("endpoint", ["create_job", *OF_ONE_JOB])
def test_log_contains_job_id(call, stored, log, endpoint) -> None:
    stored()

    answer = call(endpoint)

    [line] = log()
    assert line["tenant"] == "demo"
    assert (line["message"], line["status"]) == ("answered", answer.status)
    assert line.get("job_id") == answer.body.get("job", {}).get("jobId")
