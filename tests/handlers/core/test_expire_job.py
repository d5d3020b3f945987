import pytest

from jobs.core.status import JobStatus
from tests.support import NOON


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.RUNNING])
def test_running_job_at_deadline_times_out(invoke, stored, world, log, status) -> None:
    job = stored(status=status)

    answer = invoke("workers/expire_job")

    ended = world.repository.get(job.ref)
    assert answer == {"status": "TIMED_OUT"}
    assert (ended.status, ended.ended_at) == (JobStatus.TIMED_OUT, job.deadline)
    [line] = log()
    assert (line["job_id"], line["job_status"]) == (job.id, "TIMED_OUT")


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"])
def test_ended_job_at_deadline_keeps_status(invoke, stored, world, status) -> None:
    job = stored(status=JobStatus(status), ended_at=NOON)

    assert invoke("workers/expire_job") == {"status": status}
    assert world.repository.get(job.ref) == job


def test_missing_job_has_no_status(invoke) -> None:
    assert invoke("workers/expire_job") == {"status": None}


@pytest.mark.parametrize("field", ["tenant", "dialect", "jobId"])
def test_execution_without_job_fails(invoke, event, field) -> None:
    named = event("workers/expire_job")
    del named[field]

    with pytest.raises(ValueError, match="not a job's ref"):
        invoke("workers/expire_job", named)
