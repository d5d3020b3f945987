import pytest

from jobs.core.failure import Failure
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass
from tests.support import NOON

JOB_ID = "019b7963-4a00-7000-8000-000000000001"
NOT_FOUND = {"success": False, "error": "Job not found", "code": "JOB_NOT_FOUND"}
HEAD = {
    "jobId": JOB_ID,
    "agentId": "11111111-1111-4111-8111-111111111111",
    "userId": "22222222-2222-4222-8222-222222222222",
    "prompt": "Hello",
    "createdAt": NOON,
    "expiresAt": NOON + 30_000,
    "metadata": {},
}


@pytest.mark.parametrize(("status", "seen"), [
    (JobStatus.FAILED, {
        "status": "failed", "error": "The agent's model is not available",
        "errorClass": "unavailable",
    }),
    (JobStatus.CANCELLED, {"status": "failed", "error": "Job cancelled"}),
    (JobStatus.TIMED_OUT, {
        "status": "timeout", "error": "Job timed out waiting for agent response",
        "errorClass": "timeout",
    }),
])  # fmt: skip
def test_get_job_ended_without_answer_has_error(call, stored, status, seen) -> None:
    failure = Failure("The agent's model is not available", FailureClass.UNAVAILABLE)
    stored(
        status=status,
        ended_at=NOON + 1,
        failure=failure if status is JobStatus.FAILED else None,
    )

    assert call("get_job").body == HEAD | seen


def test_get_job_at_deadline_is_timeout(call, stored, clock) -> None:
    stored()

    clock.advance(29_999)
    before = call("get_job").body["status"]
    clock.advance(1)
    after = call("get_job").body["status"]

    assert (before, after) == ("pending", "timeout")


@pytest.mark.parametrize("job_id", [
    "019b7963-4a00-7000-8000-000000000002", "nobody", "", "null", "undefined",
    "019b79634a0070008000000000000001", f"{{{JOB_ID}}}", f"{JOB_ID}#request", f" {JOB_ID}",
    "\u0661" * 8 + JOB_ID[8:],
])  # fmt: skip
def test_get_job_with_unknown_or_malformed_id_is_404(call, stored, job_id) -> None:
    stored()

    answer = call("get_job", pathParameters={"jobId": job_id})

    assert (answer.status, answer.body) == (404, NOT_FOUND)


def test_get_job_of_other_tenant_is_404(call, stored) -> None:
    stored(tenant="rival")

    answer = call("get_job")

    assert (answer.status, answer.body) == (404, NOT_FOUND)


def test_get_job_after_retention_is_404(call, stored, clock) -> None:
    job = stored(status=JobStatus.SUCCEEDED, ended_at=NOON, result={"id": "m", "content": "Hi"})

    clock.now = job.gone_at - 1
    before = call("get_job").status
    clock.now = job.gone_at
    after = call("get_job").status

    assert (before, after) == (200, 404)
