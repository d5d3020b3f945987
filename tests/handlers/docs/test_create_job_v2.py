"""POST /v2/agent/{projectId}/job."""

import pytest

from jobs.core.job import JobRef
from jobs.docs.docs_job import docs_job_of
from tests.handlers.conftest import TENANT
from tests.handlers.docs.conftest import REPOSITORY
from tests.support import HOUR


@pytest.fixture
def create(call):
    return lambda body=None, **headers: call(
        "create_job_v2",
        json_body={"prompt": "say Hello"} if body is None else body,
        headers=headers,
    )


def test_response_matches_contract(create, world) -> None:
    answer = create()

    job = world.repository.get(JobRef(tenant=TENANT, kind="docs", id=answer.body["id"]))
    assert (answer.status, answer.body) == (201, {
        "id": job.id,
        "status": "active",
        "source": {"repository": REPOSITORY, "ref": docs_job_of(job).branch},
        "model": "sonnet",
        "prLink": None,
        "createdAt": "2026-01-01T12:00:00.000Z",
        "archivedAt": None,
        "usage": {"inputTokens": 0, "outputTokens": 0},
    })  # fmt: skip
    assert job.key_id == "0123456789ab"
    assert job.request == {"messages": [{"role": "user", "content": "say Hello"}], "v": 2}


@pytest.mark.parametrize("body", [
    "", "{", "null", "[]", '{"prompt": ""}', '{"prompt": 5}', "{}", '{"prompt": "\\ud800"}',
    '{"prompt": "\\u0000"}', '{"prompt": NaN}', "[" * 5000,
])  # fmt: skip
def test_invalid_body_returns_400(call, world, body) -> None:
    answer = call("create_job_v2", body=body)

    assert answer.status == 400
    assert answer.body.keys() == {"error"}
    assert not world.repository.all()


def test_body_too_large_returns_413(create) -> None:
    assert create({"prompt": "x" * 2**20}).status == 413


@pytest.mark.parametrize("kind", [
    "application/json", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded",
])  # fmt: skip
def test_content_type_is_ignored(create, kind) -> None:
    assert create(**{"Content-Type": kind}).status == 201


def test_same_key_with_other_request_returns_409(create, world) -> None:
    key = {"Idempotency-Key": "once"}

    first, again, other = create(**key), create(**key), create({"prompt": "say No"}, **key)

    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (other.status, other.body.keys()) == (409, {"error"})
    assert len(world.repository.all()) == 1


def test_invalid_idempotency_key_returns_400(create) -> None:
    assert create(**{"Idempotency-Key": "x" * 256}).status == 400


def test_request_over_rate_limit_returns_429(create, clock) -> None:
    first, *others = (create() for _ in range(100))
    clock.advance(1)

    rejected = create()

    assert {answer.status for answer in [first, *others]} == {201}
    assert (rejected.status, rejected.body.keys()) == (429, {"error"})
    assert rejected.headers["Retry-After"] == "3600"
    clock.advance(HOUR)
    assert create().status == 201


def test_create_sends_message(create, world) -> None:
    job_id = create().body["id"]

    assert [sent["jobId"] for sent in world.queues.sent] == [job_id]
