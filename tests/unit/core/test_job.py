from itertools import product

import pytest

from jobs.core.errors import JobEndedError, JobLeasedError
from jobs.core.status import JobStatus
from tests.support import HOUR, NOON

TERMINAL = {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT}
LEASE = 25_000
QUARTER = HOUR // 4


@pytest.mark.parametrize(("ended", "target"), [*product(sorted(TERMINAL), JobStatus)])
def test_nothing_follows_a_terminal_status(ended, target) -> None:
    assert ended.is_terminal
    assert not ended.allows(target)


@pytest.mark.parametrize("step", ["claim", "succeed", "fail", "cancel"])
@pytest.mark.parametrize("ended", sorted(TERMINAL))
def test_a_job_that_is_over_refuses_every_step(a_job, ended, step) -> None:
    job = a_job(status=ended, ended_at=NOON)
    arguments = {"claim": {"lease": 1}, "succeed": {"result": {}}, "fail": {"error": ""}}

    with pytest.raises(JobEndedError):
        getattr(job, step)(now=NOON, **arguments.get(step, {}))


@pytest.mark.parametrize("step", ["claim", "succeed", "fail", "cancel"])
def test_at_its_deadline_a_job_is_over_though_nobody_has_stored_it(a_job, step) -> None:
    job = a_job(status=JobStatus.RUNNING)
    arguments = {"claim": {"lease": 1}, "succeed": {"result": {}}, "fail": {"error": ""}}

    with pytest.raises(JobEndedError):
        getattr(job, step)(now=job.deadline, **arguments.get(step, {}))


def test_a_millisecond_before_its_deadline_a_job_can_still_be_answered(a_job) -> None:
    job = a_job(status=JobStatus.RUNNING)

    assert job.succeed({}, now=job.deadline - 1).status is JobStatus.SUCCEEDED


def test_a_reader_sees_the_timeout_at_the_very_millisecond(a_job) -> None:
    job = a_job()

    assert job.as_of(job.deadline - 1) is job
    assert job.as_of(job.deadline).status is JobStatus.TIMED_OUT
    assert job.as_of(job.deadline).ended_at == job.deadline


def test_a_claim_is_a_change_of_status_and_a_take_over_is_none(a_job) -> None:
    claimed = a_job().claim(now=NOON, lease=LEASE)
    taken_over = claimed.claim(now=NOON + LEASE, lease=LEASE)

    assert (claimed.status, claimed.sequence, claimed.attempt) == (JobStatus.RUNNING, 2, 1)
    assert (taken_over.status, taken_over.sequence, taken_over.attempt) == (JobStatus.RUNNING, 2, 2)


def test_a_job_whose_lease_lasts_is_not_taken_over(a_job) -> None:
    claimed = a_job().claim(now=NOON, lease=LEASE)

    with pytest.raises(JobLeasedError) as refusal:
        claimed.claim(now=NOON + LEASE - 1, lease=LEASE)

    assert refusal.value.until == NOON + LEASE


@pytest.mark.parametrize("late", [0, 1, QUARTER - 1, QUARTER])
def test_a_job_stays_for_its_retention_and_leaves_at_the_next_quarter_of_an_hour(
    a_job, late
) -> None:
    job = a_job(deadline=NOON + HOUR).cancel(now=NOON + late)

    assert 0 <= job.gone_at - (NOON + late + 24 * HOUR) < QUARTER
    assert job.gone_at % QUARTER == 0


@pytest.mark.parametrize(("step", "arguments"), [
    ("enqueue", {}), ("start", {"deadline": NOON + HOUR}), ("claim", {"lease": LEASE}),
    ("fail", {"error": ""}), ("cancel", {}),
])  # fmt: skip
def test_step_records_the_moment_of_the_change(a_job, step, arguments) -> None:
    changed = getattr(a_job(), step)(now=NOON + 7, **arguments)

    assert changed.changed_at == NOON + 7


def test_start_of_a_queued_job_sets_its_deadline(a_job) -> None:
    started = a_job().enqueue(now=NOON).start(now=NOON, deadline=NOON + HOUR)

    assert (started.status, started.deadline) == (JobStatus.RUNNING, NOON + HOUR)


def test_a_step_leaves_the_original_alone(a_job) -> None:
    pending = a_job()

    pending.claim(now=NOON, lease=LEASE)

    assert (pending.status, pending.sequence, pending.attempt) == (JobStatus.PENDING, 1, 0)


def test_a_reason_to_fail_is_kept_to_a_length_that_a_header_can_hold(a_job) -> None:
    assert a_job().fail("x" * 50_000, now=NOON).error == "x" * 500
