from itertools import product

import pytest

from jobs.core.errors import JobEndedError, JobLeasedError
from jobs.core.failure import Failure
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass
from tests.support import HOUR, NOON

TERMINAL = {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT}
LEASE = 25_000
QUARTER = HOUR // 4


@pytest.mark.parametrize(("ended", "target"), [*product(sorted(TERMINAL), JobStatus)])
def test_terminal_status_allows_no_other(ended, target) -> None:
    assert ended.is_terminal
    assert not ended.allows(target)


FAILURE = Failure("No", FailureClass.INTERNAL)


@pytest.mark.parametrize("step", ["claim", "succeed", "fail", "cancel"])
@pytest.mark.parametrize("ended", sorted(TERMINAL))
def test_ended_job_refuses_every_step(a_job, ended, step) -> None:
    job = a_job(status=ended, ended_at=NOON)
    arguments = {"claim": {"lease": 1}, "succeed": {"result": {}}, "fail": {"failure": FAILURE}}

    with pytest.raises(JobEndedError):
        getattr(job, step)(now=NOON, **arguments.get(step, {}))


@pytest.mark.parametrize("step", ["claim", "succeed", "fail", "cancel"])
def test_job_at_deadline_refuses_steps_before_timeout_is_stored(a_job, step) -> None:
    job = a_job(status=JobStatus.RUNNING)
    arguments = {"claim": {"lease": 1}, "succeed": {"result": {}}, "fail": {"failure": FAILURE}}

    with pytest.raises(JobEndedError):
        getattr(job, step)(now=job.deadline, **arguments.get(step, {}))


def test_job_a_millisecond_before_deadline_can_succeed(a_job) -> None:
    job = a_job(status=JobStatus.RUNNING)

    assert job.succeed({}, now=job.deadline - 1).status is JobStatus.SUCCEEDED


def test_job_as_of_deadline_has_timed_out(a_job) -> None:
    job = a_job()

    assert job.as_of(job.deadline - 1) is job
    assert job.as_of(job.deadline).status is JobStatus.TIMED_OUT
    assert job.as_of(job.deadline).ended_at == job.deadline


def test_claim_changes_status_and_takeover_does_not(a_job) -> None:
    claimed = a_job().claim(now=NOON, lease=LEASE)
    taken_over = claimed.claim(now=NOON + LEASE, lease=LEASE)

    assert (claimed.status, claimed.sequence, claimed.attempt) == (JobStatus.RUNNING, 2, 1)
    assert claimed.ended_at is None
    assert (taken_over.status, taken_over.sequence, taken_over.attempt) == (JobStatus.RUNNING, 2, 2)


def test_claim_during_lease_is_refused(a_job) -> None:
    claimed = a_job().claim(now=NOON, lease=LEASE)

    with pytest.raises(JobLeasedError) as error:
        claimed.claim(now=NOON + LEASE - 1, lease=LEASE)

    assert error.value.until == NOON + LEASE


@pytest.mark.parametrize("late", [0, 1, QUARTER - 1, QUARTER])
def test_job_after_retention_expires_at_next_quarter_hour(a_job, late) -> None:
    job = a_job(deadline=NOON + HOUR).cancel(now=NOON + late)

    assert 0 <= job.gone_at - (NOON + late + 24 * HOUR) < QUARTER
    assert job.gone_at % QUARTER == 0


@pytest.mark.parametrize(("step", "arguments"), [
    ("enqueue", {}), ("start", {"deadline": NOON + HOUR}), ("claim", {"lease": LEASE}),
    ("fail", {"failure": FAILURE}), ("cancel", {}),
])  # fmt: skip
def test_step_records_the_moment_of_the_change(a_job, step, arguments) -> None:
    changed = getattr(a_job(), step)(now=NOON + 7, **arguments)

    assert changed.changed_at == NOON + 7


def test_start_of_a_queued_job_sets_its_deadline(a_job) -> None:
    started = a_job().enqueue(now=NOON).start(now=NOON, deadline=NOON + HOUR)

    assert (started.status, started.deadline) == (JobStatus.RUNNING, NOON + HOUR)


def test_step_does_not_change_original(a_job) -> None:
    pending = a_job()

    pending.claim(now=NOON, lease=LEASE)

    assert (pending.status, pending.sequence, pending.attempt) == (JobStatus.PENDING, 1, 0)


def test_long_error_is_truncated(a_job) -> None:
    assert a_job().fail(Failure("x" * 50_000, FailureClass.REFUSED), now=NOON).error == "x" * 500
