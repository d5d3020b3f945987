"""Locks on branches, and the queue of each branch."""

import pytest

from jobs.core.job import Job
from jobs.docs.adapters.dynamodb.branches import DynamoBranches
from jobs.docs.adapters.sqlite import SqliteBranches
from jobs.docs.docs_job import branch_key
from jobs.docs.ports import Branches
from jobs.kit.sqlite.database import Database
from tests.support import HOUR, NOON

BRANCH = "docs:guides/ž"
FIRST, SECOND, THIRD = (f"019b7963-4a00-7000-8000-{n:012}" for n in range(3))


@pytest.fixture
def branches(any_engine, clock) -> Branches:
    if isinstance(any_engine, Database):
        return SqliteBranches(any_engine, clock)
    return DynamoBranches(any_engine.client, any_engine.jobs, clock)


def test_branch_is_locked_for_others_until_its_release(branches, tenant) -> None:
    assert branches.acquire(tenant, BRANCH, FIRST, until=NOON + HOUR)
    assert not branches.acquire(tenant, BRANCH, SECOND, until=NOON + HOUR)

    branches.release(tenant, BRANCH, FIRST)

    assert branches.acquire(tenant, BRANCH, SECOND, until=NOON + HOUR)


def test_lock_is_of_one_branch_and_tenant(branches, tenant) -> None:
    branches.acquire(tenant, BRANCH, FIRST, until=NOON + HOUR)

    assert branches.acquire(tenant, f"{BRANCH}2", SECOND, until=NOON + HOUR)
    assert branches.acquire(f"{tenant}-rival", BRANCH, SECOND, until=NOON + HOUR)


def test_lock_is_extended_by_its_holder_and_then_expires(branches, tenant, clock) -> None:
    branches.acquire(tenant, BRANCH, FIRST, until=NOON + HOUR)
    assert branches.acquire(tenant, BRANCH, FIRST, until=NOON + 2 * HOUR)

    clock.advance(2 * HOUR - 1)
    assert not branches.acquire(tenant, BRANCH, SECOND, until=NOON + 3 * HOUR)
    clock.advance(1)
    assert branches.acquire(tenant, BRANCH, SECOND, until=NOON + 3 * HOUR)


def test_release_by_another_job_leaves_the_lock(branches, tenant) -> None:
    branches.acquire(tenant, BRANCH, FIRST, until=NOON + HOUR)

    branches.release(tenant, BRANCH, SECOND)

    assert not branches.acquire(tenant, BRANCH, SECOND, until=NOON + HOUR)


def test_next_job_of_a_branch_is_the_oldest_queued_one(
    branches, repository, tenant, a_docs_job
) -> None:
    def add(job_id: str, **about: str) -> Job:
        repository.add(job := a_docs_job(id=job_id, session=about))
        return job

    def queue(job: Job) -> Job:
        repository.save(queued := job.enqueue(now=NOON), replacing=job)
        return queued

    add(FIRST)  # it runs, and does not wait
    second, third = queue(add(SECOND)), queue(add(THIRD))
    queue(add(FIRST[:-1] + "9", branch="other"))
    key = branch_key(second)

    assert branches.next(tenant, key) == second.ref
    repository.save(second.claim(now=NOON, lease=HOUR), replacing=second)
    assert branches.next(tenant, key) == third.ref
    assert branches.next(f"{tenant}-rival", key) is None
