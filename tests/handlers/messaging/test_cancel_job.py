import pytest

from jobs.core.status import JobStatus
from tests.support import NOON

ENDED = [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT]


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.RUNNING])
def test_cancel_of_unended_job_fails_it(call, stored, world, status) -> None:
    job = stored(status=status)

    answer = call("cancel_job")

    assert answer.status == 200
    assert answer.body["status"] == "failed"
    assert answer.body["error"] == "Job cancelled"
    assert "result" not in answer.body
    assert world.repository.get(job.ref).status is JobStatus.CANCELLED


@pytest.mark.parametrize("status", ENDED)
def test_cancel_of_ended_job_is_409(call, stored, world, status) -> None:
    job = stored(status=status, ended_at=NOON)

    answer = call("cancel_job")

    assert answer.status == 409
    assert answer.body == {"success": False, "error": "Job has already ended", "code": "JOB_ENDED"}
    assert world.repository.get(job.ref) == job


def test_cancel_after_deadline_is_409(call, stored, clock) -> None:
    clock.now = stored().deadline

    assert call("cancel_job").status == 409


@pytest.mark.parametrize("job_id", ["019b7963-4a00-7000-8000-000000000002", "nobody"])
def test_cancel_with_unknown_or_malformed_id_is_404(call, stored, job_id) -> None:
    stored()

    assert call("cancel_job", pathParameters={"jobId": job_id}).status == 404


def test_cancel_of_other_tenants_job_is_404_and_changes_nothing(call, stored, world) -> None:
    job = stored(tenant="rival")

    answer = call("cancel_job")

    assert answer.body["code"] == "JOB_NOT_FOUND"
    assert world.repository.get(job.ref).status is JobStatus.PENDING
