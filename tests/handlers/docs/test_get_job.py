"""GET …/agent/{projectId}/job/{id}: responses of both versions."""

import pytest

from jobs.core.failure import Failure
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.core.tokens import Tokens
from jobs.docs.docs_job import Priority, Todo, TodoStatus, with_docs_job
from jobs.kit.errors import FailureClass
from tests.handlers.docs.conftest import JOB, REPOSITORY
from tests.support import HOUR, NOON

FOLLOW_UP = "019b7963-4a00-7000-8000-000000000002"
SESSION = {
    "sessionId": JOB,
    "subdomain": "demo",
    "branch": "docs-agent/1",
    "haulted": False,
    "haultReason": "processing",
    "pullRequestLink": "",
    "messageToUser": "",
    "todos": [],
    "title": "",
    "createdAt": "2026-01-01T12:00:00.000Z",
    "usage": {"inputTokens": 0, "outputTokens": 0},
}
AGENT_JOB = {
    "id": JOB,
    "status": "active",
    "source": {"repository": REPOSITORY, "ref": "docs-agent/1"},
    "model": "sonnet",
    "prLink": None,
    "createdAt": "2026-01-01T12:00:00.000Z",
    "archivedAt": None,
    "usage": {"inputTokens": 0, "outputTokens": 0},
}
ENDED = {"sequence": 3, "ended_at": NOON, "changed_at": NOON}


def test_unknown_fields_are_empty_not_null(call, stored) -> None:
    stored()

    assert call("get_job").body == SESSION
    assert call("get_job_v2").body == AGENT_JOB


def test_known_fields_are_returned(call, stored) -> None:
    todo = Todo(id="1", content="Write", status=TodoStatus.IN_PROGRESS, priority=Priority.HIGH)
    link = "https://host.example/pull/1"
    stored(
        status=JobStatus.SUCCEEDED,
        session={"title": "Guide", "message": "Done", "pull_request": link, "todos": (todo,)},
        **ENDED,
    )

    assert call("get_job").body == SESSION | {
        "haulted": True,
        "haultReason": "completed",
        "pullRequestLink": link,
        "messageToUser": "Done",
        "todos": [{"content": "Write", "status": "in_progress", "priority": "high", "id": "1"}],
        "title": "Guide",
    }
    assert call("get_job_v2").body == AGENT_JOB | {"status": "completed", "prLink": link}


def test_tokens_of_the_last_follow_up_are_the_usage(call, world, follow_up) -> None:
    spent = follow_up.spend(Tokens(1200, 34))
    world.repository.save(spent.succeed({}, now=NOON), replacing=follow_up)

    for endpoint in ("get_job", "get_job_v2"):
        assert call(endpoint).body["usage"] == {"inputTokens": 1200, "outputTokens": 34}


@pytest.mark.parametrize(("status", "reason", "word"), [
    (JobStatus.PENDING, "processing", "active"),
    (JobStatus.QUEUED, "processing", "active"),
    (JobStatus.RUNNING, "processing", "active"),
    (JobStatus.SUCCEEDED, "completed", "completed"),
    (JobStatus.FAILED, "error", "failed"),
    (JobStatus.CANCELLED, "interrupted", "failed"),
    (JobStatus.TIMED_OUT, "interrupted", "failed"),
])  # fmt: skip
def test_each_status_maps_to_both_versions(call, stored, status, reason, word) -> None:
    stored(status=status, ended_at=NOON if status.is_terminal else None)

    body = call("get_job").body

    assert (body["haultReason"], body["haulted"]) == (reason, reason != "processing")
    assert call("get_job_v2").body["status"] == word


def test_refused_credentials_return_misconfigured(call, stored) -> None:
    stored(status=JobStatus.FAILED, session={"misconfigured": True}, **ENDED)

    assert call("get_job").body["haultReason"] == "github_missconfigured"


def test_failed_job_returns_reason(call, stored) -> None:
    stored(
        status=JobStatus.FAILED,
        failure=Failure("The push was refused", FailureClass.REFUSED),
        **ENDED,
    )

    assert call("get_job").body["messageToUser"] == "The push was refused"


@pytest.mark.parametrize(("pushed", "shown"), [
    (False, ["cancelled", "cancelled"]), (True, ["completed", "cancelled"]),
])  # fmt: skip
@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.TIMED_OUT, JobStatus.CANCELLED])
def test_todos_of_failed_job_are_cancelled(call, stored, status, pushed, shown) -> None:
    todos = (
        Todo(id="1", content="Write", status=TodoStatus.COMPLETED),
        Todo(id="2", content="Link", status=TodoStatus.IN_PROGRESS),
    )
    stored(status=status, session={"todos": todos, "pushed": pushed}, **ENDED)

    assert [each["status"] for each in call("get_job").body["todos"]] == shown


def test_job_that_changed_nothing_names_no_branch(call, stored) -> None:
    stored(status=JobStatus.SUCCEEDED, session={"branchless": True}, **ENDED)

    assert call("get_job").body["branch"] == ""
    assert call("get_job_v2").body["source"] == {"repository": REPOSITORY, "ref": None}


@pytest.fixture
def follow_up(world, stored, a_docs_job) -> Job:
    """A running follow-up of a root that has ended."""
    root = stored(
        status=JobStatus.SUCCEEDED,
        session={"title": "Guide", "message": "Done", "pull_request": "https://host.example/1"},
        **ENDED,
    )
    job = a_docs_job(
        id=FOLLOW_UP, tenant=root.tenant, status=JobStatus.RUNNING,
        session={"root": root.id, "follows": root.id},
    )  # fmt: skip
    world.docs_jobs.follow(job, after=None)
    return job


def test_job_with_follow_up_has_its_status(call, world, follow_up) -> None:
    assert call("get_job").body == SESSION | {
        "pullRequestLink": "https://host.example/1",
        "title": "Guide",
    }
    assert call("get_job_v2").body["status"] == "active"

    ended = with_docs_job(follow_up, message="Done again", title="Better guide")
    world.repository.save(
        ended.fail(Failure("No", FailureClass.REFUSED), now=NOON), replacing=follow_up
    )

    body = call("get_job").body
    assert (body["haultReason"], body["title"]) == ("error", "Better guide")
    assert body["messageToUser"] == "No"  # not what the agent said before
    assert call("get_job_v2").body == call("get_job_v2").body | {
        "status": "failed", "error": "No", "errorClass": "refused",
    }  # fmt: skip


def test_job_past_deadline_is_interrupted(call, stored, clock) -> None:
    stored()
    clock.advance(HOUR)

    assert call("get_job").body["haultReason"] == "interrupted"
