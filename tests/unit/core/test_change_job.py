"""Concurrent changes of a job: it ends once, and the losing writer gets an error."""

from contextlib import suppress
from itertools import product
from typing import Any

import pytest

from jobs import kinds
from jobs.core.attempt import LEASE_MS
from jobs.core.change_job import change_job
from jobs.core.end_dead_letter import EndDeadLetter
from jobs.core.errors import JobEndedError, JobLeasedError, StaleJobError
from jobs.core.expire_job import ExpireJob
from jobs.core.failure import Failure
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass
from tests.databases import Jobs
from tests.support import HOUR, NOON

ENDS = {
    "completion": JobStatus.SUCCEEDED,
    "failure": JobStatus.FAILED,
    "cancel": JobStatus.CANCELLED,
    "dead letter": JobStatus.FAILED,
}
ACTORS = ["claim", "timeout", *ENDS]


class Interrupted(Jobs):
    """Runs a function once, between the next read and the write that follows it."""

    between: Any = None

    def get(self, ref: Any) -> Job:
        job = super().get(ref)
        act, self.between = self.between, None
        if act:
            act()
        return job


@pytest.fixture
def repository(clock) -> Interrupted:
    return Interrupted(clock)


@pytest.fixture
def actors(repository, clock, cancel) -> Any:
    """All use cases that change a job; each reads before it writes."""

    def changing(step: Any) -> Any:
        return lambda ref: change_job(repository, ref, step)

    def completing(job: Job) -> Job:
        if job.status is not JobStatus.RUNNING:
            raise JobEndedError(job.id)
        return job.succeed({"content": "Fine"}, now=clock())

    return {
        "claim": changing(lambda job: job.claim(now=clock(), lease=LEASE_MS)),
        "completion": changing(completing),
        "failure": changing(lambda job: job.fail(Failure("No", FailureClass.REFUSED), now=clock())),
        "cancel": cancel,
        "timeout": ExpireJob(repository=repository, clock=lambda: NOON + HOUR),
        "dead letter": EndDeadLetter(kinds=kinds.kind, repository=repository, clock=clock),
    }


@pytest.mark.parametrize("race", [*product(ACTORS, ACTORS)], ids=" meets ".join)
@pytest.mark.parametrize("start", ["pending", "running"])
def test_racing_changes_end_once_with_one_event_each(
    request, repository, actors, start, race
) -> None:
    job, (first, second) = request.getfixturevalue(start), race
    winners: list[str] = []

    def act(name: str) -> None:
        with suppress(JobEndedError, JobLeasedError, StaleJobError):
            if actors[name](job.ref) and name in ENDS:
                winners.append(name)

    repository.between = lambda: act(second)
    act(first)
    act("timeout")

    changes = repository.changes
    assert [each.sequence for each in changes] == [*range(1, len(changes) + 1)]
    assert [each.previous for each in changes[1:]] == [each.status for each in changes[:-1]]
    assert [each.status.is_terminal for each in changes] == [False] * (len(changes) - 1) + [True]
    ends = [ENDS[name] for name in winners] or [JobStatus.TIMED_OUT]
    assert ends == [changes[-1].status]


def test_change_that_loses_race_raises(repository, cancel, running) -> None:
    ended = running.succeed({"content": "Fine"}, now=NOON)
    repository.between = lambda: repository.save(ended, replacing=running)

    with pytest.raises(JobEndedError):
        cancel(running.ref)

    assert repository.get(running.ref) == ended


def test_cancel_that_meets_claim_is_retried(repository, cancel, pending) -> None:
    claim = pending.claim(now=NOON, lease=LEASE_MS)
    repository.between = lambda: repository.save(claim, replacing=pending)

    cancelled = cancel(pending.ref)

    assert cancelled == claim.cancel(now=NOON)
    assert [each.status for each in repository.changes] == [
        JobStatus.PENDING, JobStatus.RUNNING, JobStatus.CANCELLED,
    ]  # fmt: skip


def test_change_with_endless_conflicts_gives_up(repository, pending, monkeypatch) -> None:
    tries: list[Job] = []

    def lose(job: Job, *, replacing: Job) -> None:
        tries.append(job)
        raise StaleJobError

    monkeypatch.setattr(repository, "save", lose)

    with pytest.raises(StaleJobError):
        change_job(repository, pending.ref, lambda job: job.cancel(now=NOON))

    assert len(tries) == 5
