"""Behaviour common to all endpoints of the messaging API."""

import json

import pytest

from jobs.kit.errors import UnavailableError
from jobs.messaging.wiring import wiring as messaging
from tests.support import Broken

ENDPOINTS = ["create_job", "list_jobs", "get_health", "get_job", "cancel_job", "list_agents"]


@pytest.fixture
def break_ports(rewire):
    def fail_with(error: Exception) -> None:
        rewire(messaging.core, jobs=Broken(error), counters=Broken(error))
        rewire(messaging, agents=Broken(error))

    return fail_with


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_each_event_is_answered(call, stored, endpoint) -> None:
    stored()

    answer = call(endpoint)

    assert answer.status == (201 if endpoint == "create_job" else 200)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_database_that_throttles_throughout_is_a_503_with_a_time_to_come_back(
    call, break_ports, endpoint
) -> None:
    break_ports(UnavailableError("ThrottlingException"))

    answer = call(endpoint)

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.body == {
        "success": False,
        "error": "Service is busy, try again",
        "code": "UNAVAILABLE",
    }


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_of_an_unexpected_error_the_caller_learns_nothing_and_the_log_everything(
    call, break_ports, log, endpoint
) -> None:
    break_ports(RuntimeError("table sortie-secret at 10.0.0.1 is on fire"))

    answer = call(endpoint)

    assert answer.status == 500
    assert answer.body == {
        "success": False,
        "error": "Internal server error",
        "code": "INTERNAL_ERROR",
    }
    [trace] = [line for line in log() if line["level"] == "ERROR"]
    assert trace["message"] == "unexpected error"
    assert "table sortie-secret" in trace["exception"]
    assert trace["correlation_id"] == "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_neither_keys_nor_content_are_logged(call, event, stored, log, endpoint) -> None:
    job = stored()
    sent = event(f"messaging/{endpoint}")

    call(endpoint)

    logged = json.dumps(log())
    assert log()
    assert sent["headers"]["X-API-Key"] not in logged
    assert job.request["userId"] not in logged
    assert "Hello" not in logged


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_each_answer_is_logged_with_the_request_that_it_answers(
    call, stored, log, endpoint
) -> None:
    stored()

    answer = call(endpoint)

    [line] = log()
    assert (line["message"], line["status"]) == ("answered", answer.status)
    assert line["correlation_id"] == "11111111-2222-3333-4444-555555555555"
    assert line.get("job_id") == answer.body.get("jobId")
    assert line["tenant"] == "demo"
