"""Counts of a tenant's jobs."""

from jobs.core.changes import JobCounts
from jobs.core.status import JobStatus


def test_counts_of_statuses_without_jobs_are_zero() -> None:
    counts = JobCounts(by_status={JobStatus.PENDING: 2, JobStatus.FAILED: 3})

    assert counts.of(JobStatus.PENDING, JobStatus.RUNNING) == 2
    assert counts.of(JobStatus.RUNNING) == 0
    assert counts.total == 5
