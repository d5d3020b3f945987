"""Cancelling jobs; test_change_job.py covers concurrent changes."""

import pytest

from jobs.core.errors import JobEndedError, JobNotFoundError
from jobs.core.status import JobStatus


def test_cancel_twice_is_refused(create, cancel, repository) -> None:
    job = create()
    assert cancel(job.ref).status is JobStatus.CANCELLED

    with pytest.raises(JobEndedError):
        cancel(job.ref)

    assert [change.status for change in repository.changes] == [
        JobStatus.PENDING, JobStatus.CANCELLED,
    ]  # fmt: skip


def test_cancel_past_deadline_is_refused(create, cancel, clock) -> None:
    job = create()
    clock.advance(30_000)

    with pytest.raises(JobEndedError):
        cancel(job.ref)


def test_cancel_unknown_job_is_not_found(cancel, a_job) -> None:
    with pytest.raises(JobNotFoundError):
        cancel(a_job().ref)
