"""GET …/agent/{projectId}/jobs."""

import json

import pytest

from jobs.core.status import JobStatus
from jobs.docs.docs_job import Todo
from tests.support import HOUR, NOON

DAY = 24 * HOUR


def job_id(number: int) -> str:
    return f"019b7963-4a00-7000-8000-{number:012}"


@pytest.fixture
def listed(call):
    def ids(**query: str) -> list[str]:
        answer = call("list_jobs", queryStringParameters=query or None)
        assert answer.status == 200
        return [session["sessionId"] for session in answer.body["allSessions"]]

    return ids


def test_list_without_jobs_is_empty(call) -> None:
    assert call("list_jobs").body == {"allSessions": []}


def test_listed_job_equals_single_job(call, stored) -> None:
    stored()

    assert call("list_jobs").body == {"allSessions": [call("get_job").body]}


def test_list_default_page_is_newest_twelve(stored, listed) -> None:
    jobs = [stored(id=job_id(n)).id for n in range(15)][::-1]

    assert listed() == jobs[:12]
    assert listed(skip="12") == jobs[12:]
    assert listed(skip="1", take="2") == jobs[1:3]
    assert listed(take="100") == jobs
    assert listed(skip="15") == []
    assert listed(skip="999999999") == []


def test_list_of_large_jobs_is_whole_and_bounded_in_bytes(call, stored) -> None:
    todos = [Todo(id=f"{n}", content="ž" * 500) for n in range(50)]
    session = {"message": "🚁" * 60_000, "todos": tuple(todos)}
    jobs = [stored(id=job_id(n), session=session).id for n in range(100)]

    answer = call("list_jobs", queryStringParameters={"take": "100"})

    found = answer.body["allSessions"]
    assert [each["sessionId"] for each in found] == jobs[::-1]
    assert len(json.dumps(json.dumps(answer.body))) < 6_000_000
    assert all(each["todos"] for each in found)
    assert len(call("get_job").body["messageToUser"]) == 60_000


def test_list_omits_follow_ups_and_other_projects(world, stored, listed, a_docs_job) -> None:
    root = stored()
    stored(id=job_id(2), session={"project": "other"})
    stored(id=job_id(3), tenant="rival")
    follow_up = a_docs_job(
        id=job_id(4), tenant=root.tenant, session={"root": root.id, "follows": root.id}
    )
    world.docs_jobs.follow(follow_up, after=None)

    assert listed() == [root.id]


def test_listed_job_has_status_of_last_follow_up(world, call, stored, a_docs_job) -> None:
    root = stored(status=JobStatus.SUCCEEDED, ended_at=NOON)
    follow_up = a_docs_job(
        id=job_id(4), tenant=root.tenant, session={"root": root.id, "follows": root.id}
    )
    world.docs_jobs.follow(follow_up, after=None)

    [session] = call("list_jobs").body["allSessions"]

    assert session["haultReason"] == "processing"


def test_list_omits_expired_and_interrupts_late_jobs(call, clock, stored, listed) -> None:
    stored(status=JobStatus.SUCCEEDED, ended_at=NOON)
    late = stored(id=job_id(2), deadline=NOON + HOUR)
    clock.advance(DAY)

    assert listed() == [late.id]
    assert call("list_jobs").body["allSessions"][0]["haultReason"] == "interrupted"


@pytest.mark.parametrize("query", [
    {"skip": "-1"}, {"skip": ""}, {"skip": "1.5"}, {"skip": "x"}, {"skip": "1" * 5000},
    {"take": "0"}, {"take": "101"}, {"take": "-1"}, {"take": "1e1"}, {"take": "\u0661"},
    {"take": "+5"}, {"take": " 5"},
])  # fmt: skip
def test_list_with_invalid_page_returns_400(call, query) -> None:
    [name] = query

    answer = call("list_jobs", queryStringParameters=query)

    assert answer.status == 400
    assert answer.body.keys() == {"error"}
    assert answer.body["error"].startswith(name)
