"""Waiting for a job's end, at most for the timeout and until the deadline."""

from typing import Any

import pytest

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.core.wait_for_job import WaitForJob
from jobs.kit.errors import UnavailableError


class Sleeper:
    """Sleeping advances the clock and runs `then` once."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.slept: list[float] = []
        self.then: Any = lambda: None

    def __call__(self, ref: JobRef, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(int(seconds * 1000))
        if len(self.slept) == 3:
            self.then()


@pytest.fixture
def sleeper(clock) -> Sleeper:
    return Sleeper(clock)


@pytest.fixture
def wait(repository, clock, sleeper) -> WaitForJob:
    return WaitForJob(repository=repository, clock=clock, pause=sleeper)


def test_wait_until_job_ends_returns_it(create, cancel, wait, sleeper) -> None:
    job = create()
    sleeper.then = lambda: cancel(job.ref)

    assert wait(job, timeout=25_000).status is JobStatus.CANCELLED
    assert len(sleeper.slept) == 3


def test_pauses_between_looks_grow_by_half_up_to_a_second(create, wait, sleeper) -> None:
    wait(create(), timeout=9_000)

    assert sleeper.slept[:8] == [0.1, 0.15, 0.225, 0.337, 0.505, 0.757, 1.0, 1.0]


def test_wait_in_vain_lasts_as_long_as_requested(create, wait, sleeper) -> None:
    assert wait(create(), timeout=5_000).status is JobStatus.PENDING

    assert round(sum(sleeper.slept), 3) == 5
    assert max(sleeper.slept) <= 1


def test_wait_in_vain_returns_status_of_that_moment(create, wait, sleeper, repository) -> None:
    job = create()
    running = job.claim(now=job.created_at, lease=60_000)
    sleeper.then = lambda: repository.save(running, replacing=job)

    assert wait(job, timeout=5_000) == running


def test_wait_longer_than_deadline_ends_at_deadline(create, wait, sleeper) -> None:
    assert wait(create(timeout=1_500), timeout=25_000).status is JobStatus.TIMED_OUT

    assert round(sum(sleeper.slept), 3) == 1.5


@pytest.mark.parametrize("after", [0, 2])
def test_wait_with_unavailable_table_returns_job_as_created(
    create, wait, repository, monkeypatch, after
) -> None:
    job, left = create(), iter(range(after))

    def status_of(ref: JobRef) -> JobStatus:
        if next(left, None) is None:
            raise UnavailableError
        return JobStatus.PENDING

    monkeypatch.setattr(repository, "status_of", status_of)

    assert wait(job, timeout=25_000) == job
