from datetime import UTC, datetime

import httpx
import pytest

from client.tests.answers import JOB_ID, USER, busy, created, job, ok, refused
from sortie_client import (
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    JobFailedError,
    JobStatus,
    Settings,
    StillRunningError,
    UnexpectedAnswerError,
)

JOBS = "/api/messaging/jobs"


def test_a_create_says_what_was_asked_and_nothing_else(both, server) -> None:
    server.will(created())

    made = both.call(lambda s: s.messaging.create_job(USER, "Hi", timeout_ms=60_000))

    assert server.paths == [f"POST {JOBS}"]
    assert server.bodies == [{"userId": USER, "content": "Hi", "timeoutMs": 60_000}]
    assert server.headers("X-API-Key") == ["key-of-nobody"]
    assert (made.job_id, made.status) == (JOB_ID, JobStatus.PENDING)
    assert made.created_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_create_is_repeated_under_one_key_and_another_has_another(both, server) -> None:
    server.will(httpx.ReadError("lost"), busy(), created(), created())

    both.call(lambda s: s.messaging.create_job(USER, "Hi"))
    both.call(lambda s: s.messaging.create_job(USER, "Hi"))

    first, *repeated, other = server.headers("Idempotency-Key")
    assert repeated == [first, first]
    assert other not in {first, None}


def test_a_key_of_ones_own_is_used(both, server) -> None:
    server.will(created())

    both.call(lambda s: s.messaging.create_job(USER, "Hi", idempotency_key="mine"))

    assert server.headers("Idempotency-Key") == ["mine"]


def test_a_job_is_an_object_and_its_metadata_as_it_was(both, server) -> None:
    server.will(ok(job() | {"unknown": 1}))

    found = both.call(lambda s: s.messaging.get_job(JOB_ID))

    assert server.paths == [f"GET {JOBS}/{JOB_ID}"]
    assert found.result.message.content == "Yes."
    assert found.metadata == {"deep": [1.5, {"snake_case": None}]}
    assert found.error is None
    assert found.raw["unknown"] == 1


def test_an_id_cannot_lead_elsewhere(both, server) -> None:
    server.will(refused(404))

    with pytest.raises(Exception, match="404"):
        both.call(lambda s: s.messaging.get_job("../../agents?x=1"))

    assert server.paths == [f"GET {JOBS}/..%2F..%2Fagents%3Fx%3D1"]


def test_a_list_says_which(both, server) -> None:
    page = {"jobs": [job()], "total": 7, "filtered": 1, "nextCursor": "c2"}
    server.will(ok(page), ok(page | {"nextCursor": None}))

    first = both.call(lambda s: s.messaging.list_jobs(limit=1, status=JobStatus.COMPLETED))
    last = both.call(lambda s: s.messaging.list_jobs(cursor=first.next_cursor))

    assert server.paths == [f"GET {JOBS}?limit=1&status=completed", f"GET {JOBS}?cursor=c2"]
    assert (first.total, len(first.jobs), last.next_cursor) == (7, 1, None)


def test_an_answer_that_the_server_held_back_for_needs_no_poll(both, server) -> None:
    server.will(ok(job()))

    found = both.call(lambda s: s.messaging.create_and_wait_for_job(USER, "Hi"))

    assert found.result.message.content == "Yes."
    assert server.headers("Prefer") == ["wait=20"]


def test_one_that_takes_longer_is_polled(both, server) -> None:
    server.will(created(), ok(job("pending")), busy(), ok(job("processing")), ok(job()))

    found = both.call(lambda s: s.messaging.create_and_wait_for_job(USER, "Hi", interval=0))

    assert found.status == "completed"
    assert server.paths[1:] == [f"GET {JOBS}/{JOB_ID}"] * 4


@pytest.mark.parametrize("status", ["failed", "timeout"])
def test_waiting_for_a_job_that_fails_raises_with_its_reason(both, server, status) -> None:
    server.will(ok(job(status, error="The agent is out")))

    with pytest.raises(JobFailedError, match="The agent is out") as raised:
        both.call(lambda s: s.messaging.poll_job(JOB_ID))

    assert raised.value.job.status == status


def test_so_many_attempts_and_no_more(both, server) -> None:
    server.will(ok(job("pending")), ok(job("pending")))

    with pytest.raises(StillRunningError) as raised:
        both.call(lambda s: s.messaging.poll_job(JOB_ID, interval=0, max_attempts=2))

    assert raised.value.job.job_id == JOB_ID


def test_watching_tells_each_change_once(both, server) -> None:
    server.will(*(ok(job(s)) for s in ("pending", "pending", "processing", "failed")))

    seen = both.stream(lambda s: s.messaging.watch_job(JOB_ID, interval=0))

    assert [it.status for it in seen] == ["pending", "processing", "failed"]


def test_a_cancel_whose_answer_is_lost_is_not_repeated(both, server) -> None:
    server.will(httpx.ReadTimeout("lost"))

    with pytest.raises(ConnectionFailedError) as raised:
        both.call(lambda s: s.messaging.cancel_job(JOB_ID))

    assert raised.value.sent


def test_a_cancel_that_comes_too_late_is_a_conflict(both, server) -> None:
    server.will(refused(409, "Job has already ended", "JOB_ENDED"))

    with pytest.raises(ConflictError, match="Job has already ended") as raised:
        both.call(lambda s: s.messaging.cancel_job(JOB_ID))

    assert (raised.value.status, raised.value.code) == (409, "JOB_ENDED")


def test_health_and_agents(both, server) -> None:
    counts = {"pending": 1, "processing": 0, "completed": 2, "failed": 1, "timeout": 0}
    rates = {"successRate": 0.67, "failureRate": 0.33, "timeoutRate": 0}
    server.will(
        ok(
            {
                "healthy": True,
                "timestamp": 1_767_268_800_000,
                "totalJobs": 4,
                "statusCounts": counts,
                "metrics": {"averageProcessingTimeMs": 12, **rates},
                "maxJobs": 10_000,
            }
        ),
        ok(
            {"success": True, "data": {"agents": [{"id": "1", "name": "Echo", "status": "active"}]}}
        ),
    )

    health = both.call(lambda s: s.messaging.get_jobs_health())
    agents = both.call(lambda s: s.messaging.list_agents())

    assert (health.status_counts.completed, health.metrics.timeout_rate) == (2, 0)
    assert [agent.name for agent in agents] == ["Echo"]


def test_a_refusal_has_status_code_and_text(both, server) -> None:
    server.will(refused(400, "content cannot be empty", "INVALID_REQUEST"))

    with pytest.raises(BadRequestError) as raised:
        both.call(lambda s: s.messaging.create_job(USER, ""))

    refusal = raised.value
    assert (refusal.status, refusal.code) == (400, "INVALID_REQUEST")
    assert str(refusal) == "content cannot be empty (400 INVALID_REQUEST)"


@pytest.mark.parametrize(
    "answer",
    ["<html>", [], {"jobId": JOB_ID}, job("elsewhere"), job() | {"createdAt": "yesterday"}],
    ids=["no JSON", "a list", "incomplete", "unknown status", "no time"],
)
def test_an_answer_that_is_none_is_an_error_of_its_own(both, server, answer) -> None:
    server.will(httpx.Response(200, text=answer) if isinstance(answer, str) else ok(answer))

    with pytest.raises(UnexpectedAnswerError):
        both.call(lambda s: s.messaging.get_job(JOB_ID))


def test_a_server_that_is_not_there_says_so(both, server) -> None:
    server.will(*[httpx.ConnectError("refused")] * 5)

    with pytest.raises(ConnectionFailedError, match="refused") as raised:
        both.call(lambda s: s.messaging.get_job(JOB_ID))

    assert not raised.value.sent


def test_keys_are_not_shown() -> None:
    settings = Settings("https://x", api_key="secret-key")

    assert "secret-key" not in repr(settings)
