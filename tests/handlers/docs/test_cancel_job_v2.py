"""POST /v2/agent/{projectId}/job/{id}/cancel."""

from dataclasses import replace

import pytest

from jobs.core.errors import StaleJobError
from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.docs.docs_job import docs_job_of
from jobs.docs.wiring import wiring as docs
from jobs.kit.errors import UnavailableError
from tests.handlers.conftest import TENANT
from tests.handlers.docs.conftest import JOB
from tests.support import HOUR, NOON

ENDED = {"status": JobStatus.SUCCEEDED, "ended_at": NOON}


@pytest.fixture
def cancel(call):
    return lambda **changes: call("cancel_job_v2", **changes)


@pytest.fixture
def send(call, clock):
    """Send a follow-up that waits."""

    def answer() -> None:
        clock.advance(1)
        assert call("message_job_v2").status == 200

    return answer


@pytest.fixture
def statuses(world):
    """Return the statuses of the events' job and its follow-ups, first to last."""

    def found() -> list[JobStatus]:
        ref = JobRef(tenant=TENANT, kind="docs", id=JOB)
        root = world.repository.get(ref)
        jobs = [root]
        if latest := docs_job_of(root).latest:
            jobs = [world.repository.get(replace(ref, id=latest))]
            while before := docs_job_of(jobs[0]).follows:
                jobs.insert(0, world.repository.get(replace(ref, id=before)))
        return [job.status for job in jobs]

    return found


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.QUEUED, JobStatus.RUNNING])
def test_cancel_of_open_job_is_told_in_both_versions(call, cancel, stored, world, status) -> None:
    stored(status=status)

    answer = cancel()

    assert answer.status == 200
    assert answer.body == call("get_job_v2").body
    assert (answer.body["status"], answer.body["error"]) == ("failed", "The job was cancelled")
    assert "errorClass" not in answer.body
    session = call("get_job").body
    assert (session["haultReason"], session["messageToUser"]) == (
        "interrupted", "The job was cancelled",
    )  # fmt: skip
    assert world.repository.changes[-1].status is JobStatus.CANCELLED


def test_cancel_ends_the_running_job_and_waiting_follow_ups(cancel, stored, send, statuses) -> None:
    stored(status=JobStatus.RUNNING)
    send()
    send()

    assert cancel().status == 200
    assert statuses() == [JobStatus.CANCELLED] * 3


def test_cancel_leaves_what_has_ended(cancel, stored, send, statuses) -> None:
    stored(**ENDED)
    send()

    assert cancel().body["status"] == "failed"
    assert statuses() == [JobStatus.SUCCEEDED, JobStatus.CANCELLED]


def test_cancel_of_ended_job_is_409_and_changes_nothing(cancel, stored, world, statuses) -> None:
    stored(**ENDED)
    before = [*world.repository.changes]

    answer = cancel()

    assert (answer.status, answer.body) == (409, {"error": "Job has already ended"})
    assert cancel().status == 409
    assert world.repository.changes == before


def test_cancel_after_the_deadline_is_409(cancel, stored, clock) -> None:
    stored(status=JobStatus.RUNNING)
    clock.advance(HOUR)

    assert cancel().status == 409


def test_second_cancel_is_409(cancel, stored) -> None:
    stored()

    assert [cancel().status, cancel().status] == [200, 409]


def test_message_after_cancel_begins_anew(call, cancel, stored, send, statuses) -> None:
    stored()
    cancel()

    send()

    assert statuses() == [JobStatus.CANCELLED, JobStatus.PENDING]
    assert call("get_job_v2").body["status"] == "active"


def test_cancel_that_failed_halfway_is_completed_by_the_next(
    rewire, cancel, stored, send, statuses
) -> None:
    stored(status=JobStatus.RUNNING)
    send()
    cancel_job, seen = docs.core.cancel_job, []

    def cancel_once(ref: JobRef):
        if seen:
            raise UnavailableError("busy")
        seen.append(ref)
        return cancel_job(ref)

    rewire(docs, cancel_docs_job=replace(docs.cancel_docs_job, cancel_job=cancel_once))
    assert cancel().status == 503
    assert statuses() == [JobStatus.RUNNING, JobStatus.CANCELLED]

    rewire(docs, cancel_docs_job=replace(docs.cancel_docs_job, cancel_job=cancel_job))

    assert cancel().status == 200
    assert statuses() == [JobStatus.CANCELLED, JobStatus.CANCELLED]


def test_cancel_of_busy_job_is_409(rewire, cancel, stored) -> None:
    stored()

    def stale(ref: JobRef):
        raise StaleJobError(ref.id)

    rewire(docs, cancel_docs_job=replace(docs.cancel_docs_job, cancel_job=stale))

    assert (cancel().status, cancel().body) == (409, {"error": "Job is changing, try again"})


@pytest.mark.parametrize("about", [{"tenant": "rival"}, {"session": {"project": "other"}}])
def test_cancel_of_a_job_of_others_is_404(cancel, stored, world, about) -> None:
    stored(**about)
    before = [*world.repository.changes]

    assert (cancel().status, cancel().body) == (404, {"error": "Job not found"})
    assert world.repository.changes == before


def test_cancel_by_the_id_of_a_follow_up_is_404(cancel, stored, send, world) -> None:
    root = stored()
    send()
    latest = docs_job_of(world.repository.get(root.ref)).latest

    assert cancel(pathParameters={"projectId": "demo-docs", "id": latest}).status == 404
