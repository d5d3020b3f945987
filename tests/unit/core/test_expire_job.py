"""Expiry of a job at its deadline."""

import pytest

from jobs.core.expire_job import ExpireJob, ExpireResult
from jobs.core.status import JobStatus
from tests.support import NOON


@pytest.fixture
def expire(repository, clock) -> ExpireJob:
    return ExpireJob(repository=repository, clock=clock)


@pytest.mark.parametrize("start", ["pending", "running"])
def test_timer_times_job_out_at_its_deadline(request, repository, expire, start) -> None:
    job = request.getfixturevalue(start)
    expire.clock.now = job.deadline

    assert expire(job.ref) == ExpireResult(status=JobStatus.TIMED_OUT)

    assert repository.get(job.ref).ended_at == job.deadline


@pytest.mark.parametrize("start", ["pending", "running"])
def test_early_timer_comes_again_at_the_stored_deadline(request, repository, expire, start) -> None:
    job = request.getfixturevalue(start)
    expire.clock.now = job.deadline - 1

    assert expire(job.ref) == ExpireResult(status=job.status, again=job.deadline)

    assert repository.get(job.ref) == job


def test_timer_of_ended_job_changes_nothing(repository, expire, running) -> None:
    ended = running.succeed({"content": "Fine"}, now=NOON)
    repository.save(ended, replacing=running)

    assert expire(running.ref) == ExpireResult(status=JobStatus.SUCCEEDED)

    assert repository.get(running.ref) == ended


def test_timer_of_missing_job_ends(expire, pending, clock) -> None:
    clock.advance(pending.gone_at - NOON)

    assert expire(pending.ref) == ExpireResult(status=None)
