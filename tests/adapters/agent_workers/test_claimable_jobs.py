"""The index that is the queue of each agent's jobs."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from jobs.agent_workers.adapters.dynamodb import DynamoClaimableJobs
from jobs.agent_workers.adapters.sqlite import SqliteClaimableJobs
from jobs.agent_workers.ports import ClaimableJobs
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.kit.sqlite.database import Database
from jobs.messaging.message import Progress, WorkerTask, task_of, with_task
from tests.support import NOON

AGENT = "55555555-5555-4555-8555-555555555555"
OTHER_AGENT = "66666666-6666-4666-8666-666666666666"
SHARDS = 4


@pytest.fixture
def claimable(any_engine, clock) -> ClaimableJobs:
    if isinstance(any_engine, Database):
        return SqliteClaimableJobs(any_engine, clock)
    return DynamoClaimableJobs(any_engine.client, any_engine.jobs, clock, shards=SHARDS)


@pytest.fixture
def queued(repository, a_job, clock) -> Callable[..., Job]:
    """Store a job for workers, in any shard."""

    def store(agent: str = AGENT, **about: object) -> Job:
        now = clock()
        new = a_job(
            id=new_job_id(now, shards=SHARDS), created_at=now, changed_at=now,
            request=a_job().request | {"agentId": agent}, **about,
        )  # fmt: skip
        repository.add(new)
        job = with_task(new, WorkerTask(max_attempts=5)).enqueue(now=now)
        repository.save(job, replacing=new)
        return job

    return store


def test_queued_jobs_are_found_in_order_of_time(claimable, queued, tenant, clock) -> None:
    jobs = []
    for _ in range(3):
        jobs.append(queued())
        clock.advance(1)

    assert claimable.find(tenant, AGENT, limit=10) == [job.ref for job in jobs]
    assert claimable.find(tenant, AGENT, limit=2) == [job.ref for job in jobs[:2]]


def test_jobs_of_others_are_not_found(claimable, queued, tenant) -> None:
    queued(agent=OTHER_AGENT)
    queued(tenant=f"{tenant}-rival")

    assert claimable.find(tenant, AGENT, limit=10) == []


def test_claimed_job_is_found_again_when_its_lease_ends(
    claimable, repository, queued, tenant, clock
) -> None:
    job = queued()
    repository.save(job.claim(now=clock(), lease=10_000), replacing=job)

    clock.advance(9_999)
    assert claimable.find(tenant, AGENT, limit=10) == []
    clock.advance(1)
    assert claimable.find(tenant, AGENT, limit=10) == [job.ref]


def test_renewed_lease_moves_the_job_in_the_queue(
    claimable, repository, queued, tenant, clock
) -> None:
    job = queued()
    claimed = job.claim(now=clock(), lease=10_000)
    repository.save(claimed, replacing=job)
    repository.save(claimed.renewed(NOON + 30_000), replacing=claimed)

    clock.advance(29_999)
    assert claimable.find(tenant, AGENT, limit=10) == []
    clock.advance(1)
    assert claimable.find(tenant, AGENT, limit=10) == [job.ref]


def test_ended_job_leaves_the_queue(claimable, repository, queued, tenant) -> None:
    jobs = [queued() for _ in range(2)]
    repository.save(jobs[0].cancel(now=NOON), replacing=jobs[0])
    repository.save(jobs[1].time_out(), replacing=jobs[1])

    assert claimable.find(tenant, AGENT, limit=10) == []


def test_task_is_stored_with_its_progress(repository, queued) -> None:
    job = queued()
    claimed = job.claim(now=NOON, lease=1)
    told = Progress(percent=12.5, text="Reading, žluťoučký")
    repository.save(with_task(claimed, replace(task_of(claimed), progress=told)), replacing=job)

    assert task_of(repository.get(job.ref)) == WorkerTask(max_attempts=5, progress=told)


def test_any_since_sees_messages_of_every_shard_and_age(
    claimable, repository, a_job, tenant, clock
) -> None:
    assert not claimable.any_since(tenant, NOON - 1)
    repository.add(a_job(id=new_job_id(NOON, shards=SHARDS), request={"large": "x" * 5_000}))

    assert claimable.any_since(tenant, NOON)
    assert not claimable.any_since(tenant, NOON + 1)
    assert not claimable.any_since(f"{tenant}-rival", NOON)
