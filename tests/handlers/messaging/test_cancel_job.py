import pytest

from jobs.core.status import JobStatus
from tests.support import NOON

ENDED = [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT]


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.RUNNING])
def test_a_job_that_has_not_ended_is_stopped(call, stored, world, status) -> None:
    job = stored(status=status)

    answer = call("cancel_job")

    assert answer.status == 200
    assert answer.body["status"] == "failed"
    assert answer.body["error"] == "Job cancelled"
    assert "result" not in answer.body
    assert world.repository.get(job.ref).status is JobStatus.CANCELLED


@pytest.mark.parametrize("status", ENDED)
def test_an_ended_job_stays_as_it_ended(call, stored, world, status) -> None:
    job = stored(status=status, ended_at=NOON)

    answer = call("cancel_job")

    assert answer.status == 409
    assert answer.body == {"success": False, "error": "Job has already ended", "code": "JOB_ENDED"}
    assert world.repository.get(job.ref) == job


def test_a_job_past_its_deadline_has_ended_though_nobody_has_stored_it(call, stored, clock) -> None:
    clock.now = stored().deadline

    assert call("cancel_job").status == 409


@pytest.mark.parametrize("job_id", ["019b7963-4a00-7000-8000-000000000002", "nobody"])
def test_an_unknown_or_malformed_id_is_not_found(call, stored, job_id) -> None:
    stored()

    assert call("cancel_job", pathParameters={"jobId": job_id}).status == 404


def test_another_tenants_job_is_not_there_and_goes_on(call, stored, world) -> None:
    job = stored(tenant="rival")

    answer = call("cancel_job")

    assert answer.body["code"] == "JOB_NOT_FOUND"
    assert world.repository.get(job.ref).status is JobStatus.PENDING
