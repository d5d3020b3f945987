"""What the timer does to a job at its deadline."""

import pytest

from jobs.core.expire_job import ExpireJob
from jobs.core.status import JobStatus
from tests.support import NOON


@pytest.mark.parametrize("start", ["pending", "running"])
def test_the_timer_ends_what_has_not_ended_by_its_own_clock(request, repository, start) -> None:
    job = request.getfixturevalue(start)  # and our clock still stands at the creation

    assert ExpireJob(repository=repository)(job.ref) is JobStatus.TIMED_OUT

    assert repository.get(job.ref).ended_at == job.deadline


def test_the_timer_leaves_alone_what_has_ended(repository, running) -> None:
    ended = running.succeed({"content": "Fine"}, now=NOON)
    repository.save(ended, replacing=running)

    assert ExpireJob(repository=repository)(running.ref) is JobStatus.SUCCEEDED

    assert repository.get(running.ref) == ended


def test_the_timer_finds_a_job_that_is_gone_over(repository, pending, clock) -> None:
    clock.advance(pending.gone_at - NOON)

    assert ExpireJob(repository=repository)(pending.ref) is None
