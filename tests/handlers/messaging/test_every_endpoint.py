"""Behaviour common to all endpoints of the messaging API."""

import json

import pytest

from jobs.kit.errors import UnavailableError
from jobs.messaging.wiring import wiring as messaging
from tests.handlers.conftest import EVENTS
from tests.support import Broken

OTHERS = {"stream_message", "get_chat_page"}  # tests/streams, and a page that calls no port
ENDPOINTS = sorted({file.stem for file in (EVENTS / "messaging").glob("*.json")} - OTHERS)


@pytest.fixture
def break_ports(rewire):
    def fail_with(error: Exception) -> None:
        rewire(messaging.core, jobs=Broken(error), counters=Broken(error))
        rewire(messaging, agents=Broken(error))

    return fail_with


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_sample_event_succeeds(call, stored, endpoint) -> None:
    stored()

    answer = call(endpoint)

    assert answer.status == (201 if endpoint == "create_job" else 200)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_throttled_table_returns_503_with_retry_after(call, break_ports, endpoint) -> None:
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
def test_unexpected_error_returns_500_and_is_logged(call, break_ports, log, endpoint) -> None:
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
def test_log_has_no_keys_or_content(call, event, stored, log, endpoint) -> None:
    job = stored()
    sent = event(f"messaging/{endpoint}")

    call(endpoint)

    logged = json.dumps(log())
    assert log()
    assert sent["headers"]["X-API-Key"] not in logged
    assert job.request["userId"] not in logged
    assert "Hello" not in logged


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_response_is_logged_with_its_request(call, stored, log, endpoint) -> None:
    stored()

    answer = call(endpoint)

    [line] = log()
    assert (line["message"], line["status"]) == ("answered", answer.status)
    assert line["correlation_id"] == "11111111-2222-3333-4444-555555555555"
    assert line.get("job_id") == answer.body.get("jobId")
    assert line["tenant"] == "demo"
