import pytest

from jobs.core.status import JobStatus
from tests.support import NOON


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.RUNNING])
def test_at_its_deadline_a_job_that_has_not_ended_has_timed_out(
    invoke, stored, world, log, status
) -> None:
    job = stored(status=status)

    answer = invoke("workers/expire_job")

    ended = world.repository.get(job.ref)
    assert answer == {"status": "TIMED_OUT"}
    assert (ended.status, ended.ended_at) == (JobStatus.TIMED_OUT, job.deadline)
    [line] = log()
    assert (line["job_id"], line["job_status"]) == (job.id, "TIMED_OUT")


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"])
def test_a_job_that_has_ended_by_itself_stays_so(invoke, stored, world, status) -> None:
    job = stored(status=JobStatus(status), ended_at=NOON)

    assert invoke("workers/expire_job") == {"status": status}
    assert world.repository.get(job.ref) == job


def test_a_job_that_is_gone_has_no_status(invoke) -> None:
    assert invoke("workers/expire_job") == {"status": None}


@pytest.mark.parametrize("field", ["tenant", "dialect", "jobId"])
def test_an_execution_that_names_no_job_fails(invoke, event, field) -> None:
    named = event("workers/expire_job")
    del named[field]

    with pytest.raises(ValueError, match="not a job's ref"):
        invoke("workers/expire_job", named)
