"""Expiry of a job at its deadline."""

import pytest

from jobs.core.expire_job import ExpireJob
from jobs.core.status import JobStatus
from tests.support import NOON


@pytest.mark.parametrize("start", ["pending", "running"])
def test_timer_times_job_out_by_its_own_clock(request, repository, start) -> None:
    job = request.getfixturevalue(start)  # our clock still shows the time of creation

    assert ExpireJob(repository=repository)(job.ref) is JobStatus.TIMED_OUT

    assert repository.get(job.ref).ended_at == job.deadline


def test_timer_of_ended_job_changes_nothing(repository, running) -> None:
    ended = running.succeed({"content": "Fine"}, now=NOON)
    repository.save(ended, replacing=running)

    assert ExpireJob(repository=repository)(running.ref) is JobStatus.SUCCEEDED

    assert repository.get(running.ref) == ended


def test_timer_of_missing_job_returns_none(repository, pending, clock) -> None:
    clock.advance(pending.gone_at - NOON)

    assert ExpireJob(repository=repository)(pending.ref) is None
