"""One contract for every repository: details of missions, waiting missions, deletion."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.ports import Listing
from jobs.core.status import JobStatus
from jobs.kit.sqlite.database import Database
from jobs.missions.adapters.storage import DynamoWaitingMissions
from jobs.missions.mission import apply_changes, assign_order, start_flight, withdraw_order
from jobs.missions.ports import WaitingMissions
from tests.adapters.engines import DynamoDb
from tests.databases import Jobs
from tests.support import HOUR, NOON

LARGE = {"metadata": {"notes": "é" * 5000}, "action": "HOVER", "waypoints": []}


def job_id(n: int) -> str:
    return f"019b7963-4a00-7000-8000-{n:012d}"


@pytest.fixture
def a_mission(a_mission, tenant) -> Callable[..., Job]:
    return lambda **about: a_mission(**{"tenant": tenant} | about)


@pytest.fixture
def queue(any_engine, repository, clock) -> WaitingMissions:
    if isinstance(any_engine, Database):
        return Jobs(clock, any_engine)
    return DynamoWaitingMissions(any_engine.client, any_engine.jobs)


@pytest.fixture
def change(repository) -> Callable[..., Job]:
    """Apply a step to a job, store the result and return it."""

    def change(job: Job, step: Any, *args: Any, **about: Any) -> Job:
        changed: Job = step(job, *args, **about)
        repository.save(changed, replacing=job)
        return changed

    return change


@pytest.fixture
def queued(repository, a_mission, change) -> Callable[..., Job]:
    """A mission in its group's index of waiting missions."""

    def queued(n: int, **mission: Any) -> Job:
        job = a_mission(id=job_id(n), mission=mission)
        repository.add(job)
        return change(job, Job.enqueue, now=NOON)

    return queued


def waiting_in(queue: WaitingMissions, tenant: str, group: str = "harbour") -> Sequence[str]:
    return [each.ref.id for each in queue.list_waiting(tenant, group, limit=10)]


@pytest.mark.parametrize("request_", [{"metadata": {}}, LARGE], ids=["small", "10 KB"])
def test_mission_is_read_back_after_every_step(repository, a_mission, change, request_) -> None:
    about = {"description": "Žluťák 🐎", "device": "dock-1", "scheduled_at": NOON + HOUR}
    job = a_mission(request=request_, mission=about)
    repository.add(job)
    assert repository.get(job.ref) == job

    for step, given in (
        (apply_changes, {"changes": {"name": "Other", "priority": 9}, "now": NOON + 1}),
        (Job.enqueue, {"now": NOON + 2}),
        (assign_order, {"device": "dock-1", "fence": 3, "now": NOON + 3}),
        (withdraw_order, {}),
        (assign_order, {"device": "dock-2", "fence": 1, "now": NOON + 4}),
        (start_flight, {"now": NOON + 5, "deadline": NOON + 9 * HOUR}),
        (Job.succeed, {"result": {}, "now": NOON + 6}),
    ):
        job = change(job, step, **given)
        assert repository.get(job.ref) == job


@pytest.mark.parametrize("size", range(555, 565))
def test_end_of_mission_with_large_request_is_one_write(
    any_engine, repository, a_mission, size
) -> None:
    padding = size - len('{"metadata":""}')
    job = a_mission(id=str(uuid4()), request={"metadata": "x" * padding})
    repository.add(job)
    repository.save(flying := job.start(now=NOON, deadline=NOON + HOUR), replacing=job)

    repository.save(flying.succeed({}, now=NOON + 1), replacing=flying)

    assert repository.get(job.ref).result == {}
    if isinstance(any_engine, DynamoDb):
        items = any_engine.client.scan(TableName=any_engine.jobs)["Items"]
        assert not [i for i in items if f"{job.id}#result" in i["SK"]["S"]]


def test_waiting_missions_are_sorted_by_priority_then_age(queue, queued, tenant) -> None:
    for n, priority in ((3, 5), (1, 5), (2, 10), (4, 1)):
        queued(n, priority=priority)

    assert waiting_in(queue, tenant) == [job_id(n) for n in (2, 1, 3, 4)]
    assert len(queue.list_waiting(tenant, "harbour", limit=2)) == 2


def test_waiting_mission_in_any_shard_is_found(repository, queue, a_mission, change) -> None:
    repository.add(job := a_mission(id=new_job_id(NOON, tag="0" * 12, shards=16)))
    change(job, Job.enqueue, now=NOON)

    assert [each.ref for each in queue.list_waiting(job.tenant, "harbour", limit=9)] == [job.ref]


def test_waiting_mission_shows_pinned_device(queue, queued, tenant) -> None:
    job = queued(1, device="dock-1", start=(9.97, 53.54))

    [found] = queue.list_waiting(tenant, "harbour", limit=10)

    assert (found.ref, found.mission) == (job.ref, job.details)


def test_waiting_missions_are_only_those_of_group(
    repository, queue, queued, change, tenant
) -> None:
    change(queued(2), assign_order, "dock-1", fence=1, now=NOON)
    ended = change(queued(3), Job.cancel, now=NOON)
    other = queued(4, group="quarry")
    repository.add(replace(other, id=job_id(5), tenant=f"{tenant}-other"))
    repository.add(replace(ended, id=job_id(1), status=JobStatus.PENDING))

    assert waiting_in(queue, tenant) == []


def test_declined_or_updated_mission_moves_in_index(queue, queued, change, tenant) -> None:
    declined = change(queued(1), assign_order, "dock-1", fence=1, now=NOON)
    queued(2, priority=6)
    change(declined, withdraw_order)
    assert waiting_in(queue, tenant) == [job_id(2), job_id(1)]

    change(withdraw_order(declined), apply_changes, {"priority": 7}, now=NOON)
    assert waiting_in(queue, tenant) == [job_id(1), job_id(2)]


def test_concurrent_change_raises_stale_job_error(repository, queued) -> None:
    job = queued(1)
    repository.save(apply_changes(job, {"name": "First"}, now=NOON), replacing=job)

    with pytest.raises(StaleJobError):
        repository.save(apply_changes(job, {"priority": 1}, now=NOON), replacing=job)


# ── Removal ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("request_", [{"metadata": {}}, LARGE], ids=["small", "10 KB"])
def test_deleted_job_is_removed_with_all_items(
    repository, any_engine, a_mission, tenant, request_
) -> None:
    repository.add(job := a_mission(request=request_))

    repository.delete(job)

    with pytest.raises(JobNotFoundError):
        repository.get(job.ref)
    listing = Listing(tenant=tenant, kind="missions", limit=10)
    assert repository.newest(listing, known=0).jobs == []
    if isinstance(any_engine, DynamoDb):
        left = any_engine.client.scan(TableName=any_engine.jobs)["Items"]
        assert [item for item in left if tenant in item["PK"]["S"]] == []


def test_delete_of_changed_job_raises_stale_job_error(repository, queued) -> None:
    job = queued(1)
    before = replace(job, attempt=job.attempt + 1)

    with pytest.raises(StaleJobError):
        repository.delete(before)

    assert repository.get(job.ref) == job


def test_delete_appears_in_stream(a_mission, clock) -> None:
    repository = Jobs(clock)
    repository.add(job := a_mission())

    repository.delete(job)

    [_, change] = repository.changes
    assert (change.status, change.previous) == (None, job.status)
