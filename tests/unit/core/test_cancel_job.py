"""A cancel, from the caller's side; test_change_job.py has what it may meet."""

import pytest

from jobs.core.errors import JobEndedError, JobNotFoundError
from jobs.core.status import JobStatus


def test_a_job_is_cancelled_once(create, cancel, repository) -> None:
    job = create()
    assert cancel(job.ref).status is JobStatus.CANCELLED

    with pytest.raises(JobEndedError):
        cancel(job.ref)

    assert [change.status for change in repository.changes] == [
        JobStatus.PENDING, JobStatus.CANCELLED,
    ]  # fmt: skip


def test_a_job_past_its_deadline_cannot_be_cancelled_though_nobody_ended_it(
    create, cancel, clock
) -> None:
    job = create()
    clock.advance(30_000)

    with pytest.raises(JobEndedError):
        cancel(job.ref)


def test_a_job_unknown_to_the_table_is_an_error_of_its_own(cancel, a_job) -> None:
    with pytest.raises(JobNotFoundError):
        cancel(a_job().ref)
