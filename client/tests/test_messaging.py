from datetime import UTC, datetime

import httpx
import pytest

from client.tests.responses import JOB_ID, JOBS_HEALTH, USER, created, error, job, ok, unavailable
from sortie_client import (
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    InvalidIdError,
    JobFailedError,
    JobStatus,
    PaymentRequiredError,
    StillRunningError,
    UnexpectedResponseError,
)

JOBS = "/api/messaging/jobs"


def test_create_job_sends_only_given_fields(client, server) -> None:
    server.will(created())

    job = client.messaging.create_job(USER, "Hi", timeout_ms=60_000)

    assert server.paths == [f"POST {JOBS}"]
    assert server.bodies == [{"userId": USER, "content": "Hi", "timeoutMs": 60_000}]
    assert server.headers("X-API-Key") == ["an-api-key"]
    assert (job.job_id, job.status) == (JOB_ID, JobStatus.PENDING)
    assert job.created_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_create_job_uses_one_idempotency_key_per_call(client, server) -> None:
    server.will(httpx.ReadError("lost"), unavailable(), created(), created())

    client.messaging.create_job(USER, "Hi")
    client.messaging.create_job(USER, "Hi")

    first, *retries, second = server.headers("Idempotency-Key")
    assert retries == [first, first]
    assert second not in {first, None}


def test_create_job_uses_the_callers_idempotency_key(client, server) -> None:
    server.will(created())

    client.messaging.create_job(USER, "Hi", idempotency_key="mine")

    assert server.headers("Idempotency-Key") == ["mine"]


def test_get_job_decodes_the_response(client, server) -> None:
    server.will(ok(job() | {"unknown": 1}))

    found = client.messaging.get_job(JOB_ID)

    assert server.paths == [f"GET {JOBS}/{JOB_ID}"]
    assert found.result.message.content == "Yes."
    assert found.metadata == {"deep": [1.5, {"snake_case": None}]}
    assert found.error is None
    assert found.raw["unknown"] == 1


def test_get_job_escapes_the_id(client, server) -> None:
    server.will(error(404))

    with pytest.raises(Exception, match="404"):
        client.messaging.get_job("../../agents?x=1")

    assert server.paths == [f"GET {JOBS}/..%2F..%2Fagents%3Fx%3D1"]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_get_job_with_id_that_changes_the_path_sends_nothing(client, server, name) -> None:
    with pytest.raises(InvalidIdError):
        client.messaging.get_job(name)

    assert server.paths == []


def test_list_jobs_sends_filter_and_cursor(client, server) -> None:
    page = {"jobs": [job()], "total": 7, "filtered": 1, "nextCursor": "c2"}
    server.will(ok(page), ok(page | {"nextCursor": None}))

    first = client.messaging.list_jobs(limit=1, status=JobStatus.COMPLETED)
    last = client.messaging.list_jobs(cursor=first.next_cursor)

    assert server.paths == [f"GET {JOBS}?limit=1&status=completed", f"GET {JOBS}?cursor=c2"]
    assert (first.total, len(first.jobs), last.next_cursor) == (7, 1, None)


def test_create_and_wait_held_response_needs_no_poll(client, server) -> None:
    server.will(ok(job()))

    found = client.messaging.create_and_wait_for_job(USER, "Hi")

    assert found.result.message.content == "Yes."
    assert server.headers("Prefer") == ["wait=20"]


def test_create_and_wait_longer_job_is_polled(client, server) -> None:
    server.will(created(), ok(job("pending")), unavailable(), ok(job("processing")), ok(job()))

    found = client.messaging.create_and_wait_for_job(USER, "Hi", interval=0)

    assert found.status == "completed"
    assert server.paths[1:] == [f"GET {JOBS}/{JOB_ID}"] * 4


@pytest.mark.parametrize("status", ["failed", "timeout"])
def test_poll_job_unsuccessful_raises_with_the_job(client, server, status) -> None:
    server.will(ok(job(status, error="The agent is out")))

    with pytest.raises(JobFailedError, match="The agent is out") as raised:
        client.messaging.poll_job(JOB_ID)

    assert raised.value.job.status == status


def test_poll_job_last_attempt_raises_still_running(client, server) -> None:
    server.will(ok(job("pending")), ok(job("pending")))

    with pytest.raises(StillRunningError) as raised:
        client.messaging.poll_job(JOB_ID, interval=0, max_attempts=2)

    assert raised.value.job.job_id == JOB_ID


def test_watch_job_yields_each_change_once(client, server) -> None:
    server.will(*(ok(job(s)) for s in ("pending", "pending", "processing", "failed")))

    jobs = client.messaging.watch_job(JOB_ID, interval=0)

    assert [it.status for it in jobs] == ["pending", "processing", "failed"]


def test_cancel_job_lost_response_is_not_retried(client, server) -> None:
    server.will(httpx.ReadTimeout("lost"))

    with pytest.raises(ConnectionFailedError):
        client.messaging.cancel_job(JOB_ID)


def test_cancel_job_ended_raises_conflict(client, server) -> None:
    server.will(error(409, "Job has already ended", "JOB_ENDED"))

    with pytest.raises(ConflictError, match="Job has already ended") as raised:
        client.messaging.cancel_job(JOB_ID)

    assert (raised.value.status, raised.value.code) == (409, "JOB_ENDED")


def test_get_jobs_health_decodes_counts_and_rates(client, server) -> None:
    server.will(ok(JOBS_HEALTH))

    health = client.messaging.get_jobs_health()

    assert (health.status_counts.completed, health.metrics.timeout_rate) == (2, 0)


def test_list_agents_decodes_the_nested_list(client, server) -> None:
    agent = {"id": "1", "name": "Echo", "status": "active"}
    server.will(ok({"success": True, "data": {"agents": [agent]}}))

    [found] = client.messaging.list_agents()

    assert found.name == "Echo"


def test_error_response_becomes_an_api_error(client, server) -> None:
    server.will(error(400, "content cannot be empty", "INVALID_REQUEST"))

    with pytest.raises(BadRequestError) as raised:
        client.messaging.create_job(USER, "")

    assert (raised.value.status, raised.value.code) == (400, "INVALID_REQUEST")
    assert str(raised.value) == "content cannot be empty (400 INVALID_REQUEST)"


def test_error_response_of_a_failed_service_has_its_class(client, server) -> None:
    body = {"success": False, "error": "no", "code": "settlement_unknown", "errorClass": "quota"}
    server.will(httpx.Response(402, json=body))

    with pytest.raises(PaymentRequiredError) as raised:
        client.messaging.create_job(USER, "Hello")

    assert raised.value.error_class == "quota"


@pytest.mark.parametrize(
    "body",
    ["<html>", [], {"jobId": JOB_ID}, job("elsewhere"), job() | {"createdAt": "yesterday"}],
    ids=["not JSON", "list", "incomplete", "unknown status", "invalid time"],
)
def test_invalid_response_raises_unexpected_response(client, server, body) -> None:
    server.will(httpx.Response(200, text=body) if isinstance(body, str) else ok(body))

    with pytest.raises(UnexpectedResponseError):
        client.messaging.get_job(JOB_ID)
