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


def test_the_answer_is_as_the_contract_has_it(create, world) -> None:
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
    })  # fmt: skip
    assert job.request == {"messages": [{"role": "user", "content": "say Hello"}], "v": 2}


@pytest.mark.parametrize("body", [
    "", "{", "null", "[]", '{"prompt": ""}', '{"prompt": 5}', "{}", '{"prompt": "\\ud800"}',
    '{"prompt": "\\u0000"}', '{"prompt": NaN}', "[" * 5000,
])  # fmt: skip
def test_what_says_nothing_that_can_be_done_is_a_400(call, world, body) -> None:
    answer = call("create_job_v2", body=body)

    assert answer.status == 400
    assert answer.body.keys() == {"error"}
    assert not world.repository.all()


def test_a_body_that_is_too_large_is_a_413(create) -> None:
    assert create({"prompt": "x" * 2**20}).status == 413


@pytest.mark.parametrize("kind", [
    "application/json", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded",
])  # fmt: skip
def test_what_a_client_calls_its_json_does_not_matter(create, kind) -> None:
    assert create(**{"Content-Type": kind}).status == 201


def test_one_key_makes_one_job_and_not_another(create, world) -> None:
    key = {"Idempotency-Key": "once"}

    first, again, other = create(**key), create(**key), create({"prompt": "say No"}, **key)

    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (other.status, other.body.keys()) == (409, {"error"})
    assert len(world.repository.all()) == 1


def test_a_key_that_cannot_be_one_is_a_400(create) -> None:
    assert create(**{"Idempotency-Key": "x" * 256}).status == 400


def test_the_hundred_and_first_request_of_an_hour_is_a_429(create, clock) -> None:
    first, *others = (create() for _ in range(100))
    clock.advance(1)

    refused = create()

    assert {answer.status for answer in [first, *others]} == {201}
    assert (refused.status, refused.body.keys()) == (429, {"error"})
    assert refused.headers["Retry-After"] == "3600"
    clock.advance(HOUR)
    assert create().status == 201
