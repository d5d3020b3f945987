"""Shards: jobs are stored by their ids, and found whatever the number of shards was or is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.core.adapters.dynamodb import items
from jobs.core.adapters.dynamodb.counters import DynamoJobCounters
from jobs.core.changes import JobChange
from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.core.failure import Failure
from jobs.core.ids import MAX_SHARDS, new_job_id, shard_of
from jobs.core.job import Job
from jobs.core.list_jobs import ListJobs
from jobs.core.ports import IdempotencyKey, Listing
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass
from tests.adapters.conftest import job_table_of
from tests.fakes.memory import change
from tests.support import HOUR, NOON, FrozenClock

LEASE = 25_000
SMALL: dict[str, Any] = {"content": "Hello"}
LARGE = {"content": "x" * 1000}
SHARDS = [1, 4, MAX_SHARDS]
ENDED_BADLY = frozenset({JobStatus.FAILED, JobStatus.CANCELLED})
fresh = count()


class PlainSigner:
    def sign(self, value: str, *, scope: str) -> str:
        return f"{scope} {value}"

    def verify(self, token: str, *, scope: str) -> str:
        return token.removeprefix(f"{scope} ")


@pytest.fixture
def new_id() -> Callable[..., str]:
    """Return ids in order, each created while jobs had so many shards."""
    number = count()
    return lambda shards: new_job_id(NOON + next(number), shards=shards)


@pytest.fixture
def counters_of(engine, clock) -> Callable[[int], DynamoJobCounters]:
    return lambda shards: DynamoJobCounters(engine.client, engine.counters, clock, shards=shards)


@pytest.fixture
def list_jobs(job_table, counters_of, clock, tenant) -> Callable[..., Any]:
    """List jobs with so many shards now."""

    def listed(shards: int, limit: int = 100, **about: Any) -> Any:
        use_case = ListJobs(
            repository=job_table, counters=counters_of(shards), signer=PlainSigner(), clock=clock
        )
        return use_case(tenant, "messaging", limit=limit, **about)

    return listed


def ended(job: Job, status: JobStatus, result: Any = SMALL) -> Sequence[Job]:
    """Return a job's states up to its end."""
    running = job.claim(now=job.created_at, lease=LEASE)
    match status:
        case JobStatus.PENDING:
            return [job]
        case JobStatus.RUNNING:
            return [job, running]
        case JobStatus.CANCELLED:
            return [job, job.cancel(now=job.created_at)]
        case JobStatus.FAILED:
            failed = running.fail(Failure("No", FailureClass.REFUSED), now=job.created_at)
            return [job, running, failed]
        case _:
            return [job, running, running.succeed(result, now=job.created_at)]


def store(repository: Any, states: Sequence[Job]) -> list[JobChange]:
    """Store the states of one job, and return its changes."""
    first, *later = states
    repository.add(first)
    changes = [change(first, previous=None)]
    for before, after in zip(states, later, strict=False):
        repository.save(after, replacing=before)
        changes.append(change(after, previous=before.status))
    return changes


# ── Single jobs ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("request_", [SMALL, LARGE], ids=["small", "large"])
def test_sharded_job_lives_like_any_other(job_table, new_id, a_job, request_) -> None:
    job = a_job(id=new_id(MAX_SHARDS), request=request_)
    _, running, done = states = ended(job, JobStatus.SUCCEEDED, result={"content": "y" * 2000})

    store(job_table, states)

    assert job_table.get(job.ref) == done
    assert job_table.status_of(job.ref) is JobStatus.SUCCEEDED
    with pytest.raises(StaleJobError):
        job_table.renew(running, lease_until=NOON + 2 * LEASE)
    job_table.delete(done)
    with pytest.raises(JobNotFoundError):
        job_table.get(job.ref)


def test_shards_are_partitions_and_the_first_is_that_without_shards(a_job) -> None:
    refs = [a_job(id=new_job_id(NOON, shards=MAX_SHARDS), tenant="acme").ref for _ in range(200)]

    names = {items.partition(ref) for ref in refs}

    assert names == {"acme#messaging", *(f"acme#messaging#{n}" for n in range(1, MAX_SHARDS))}
    assert [items.ref_of(items.key(ref, "#request")) for ref in refs] == refs


@pytest.mark.parametrize(("before", "after"), [(1, 8), (8, 1)])
def test_repeated_key_finds_job_of_other_shard_number(
    job_table, new_id, a_job, before, after
) -> None:
    key = IdempotencyKey(value="k", request_hash="h", expires_at=NOON + HOUR)
    first = a_job(id=new_id(before))
    job_table.add(first, key)

    assert job_table.add(a_job(id=new_id(after)), key) == first.ref
    assert job_table.has_key(first.tenant, first.kind, "k")


# ── Lists ───────────────────────────────────────────────────────────────────────

MADE = st.tuples(
    st.sampled_from(SHARDS),
    st.sampled_from([SMALL, LARGE]),
    st.sampled_from([JobStatus.PENDING, JobStatus.SUCCEEDED, *ENDED_BADLY]),
    st.booleans(),
)


@given(
    made=st.lists(MADE, max_size=14),
    reader=st.tuples(
        st.lists(st.tuples(st.integers(1, 5), st.sampled_from(SHARDS)), min_size=1, max_size=4),
        st.sampled_from([frozenset(), ENDED_BADLY, frozenset({JobStatus.SUCCEEDED})]),
    ),
)
@settings(settings.get_profile("engines"))
def test_pages_hold_each_job_once_for_any_shards(engine, a_job, made, reader) -> None:
    pages, wanted = reader
    clock = FrozenClock()
    job_table = job_table_of(engine, clock)
    tenant = f"{a_job().tenant}-{next(fresh)}"
    jobs, changes = [], []
    for n, (shards, body, status, gone) in enumerate(made):
        job = a_job(
            id=new_job_id(NOON + n, shards=shards), tenant=tenant, request=body,
            retention=(1 if gone else 24) * HOUR,
        )  # fmt: skip
        states = ended(job, status, result=body)
        changes += store(job_table, states)
        jobs.append(states[-1])
    counters = DynamoJobCounters(engine.client, engine.counters, clock)
    counters.count(changes)
    clock.advance(2 * HOUR)
    live = [
        job.as_of(clock())
        for job in jobs[::-1]
        if job.gone_at > clock() and (not wanted or job.status in wanted)
    ]

    found: list[Job] = []
    cursor = None
    for limit, shards in pages * 14:
        list_jobs = ListJobs(
            repository=job_table,
            counters=DynamoJobCounters(engine.client, engine.counters, clock, shards=shards),
            signer=PlainSigner(),
            clock=clock,
        )
        page = list_jobs(tenant, "messaging", limit=limit, statuses=wanted, cursor=cursor)
        found += page.jobs
        cursor = page.cursor
        if cursor is None:
            break

    assert found == live


def test_cursor_remains_valid_when_shards_are_added(job_table, new_id, a_job, list_jobs) -> None:
    old = [a_job(id=new_id(1)) for _ in range(5)]
    for job in old:
        store(job_table, [job])
    cursor = list_jobs(1, limit=2).cursor
    for _ in range(20):
        store(job_table, [a_job(id=new_id(8))])

    rest = list_jobs(8, cursor=cursor)

    assert rest.jobs == old[2::-1]
    assert rest.cursor is None


def test_jobs_are_listed_after_shards_were_removed(
    job_table, new_id, a_job, list_jobs, counters_of
) -> None:
    jobs = [a_job(id=new_id(8)) for _ in range(20)]
    for job in jobs:
        counters_of(8).count(store(job_table, [job]))
    newest = a_job(id=new_id(1))
    counters_of(1).count(store(job_table, [newest]))

    found = list_jobs(1)

    assert found.jobs == [newest, *jobs[::-1]]
    assert found.total == 21


@pytest.mark.parametrize("statuses", [frozenset(), frozenset({JobStatus.PENDING})])
@pytest.mark.parametrize("limit", [20, 50, 100])
def test_page_takes_one_call_of_each_shard(job_table, engine, a_job, statuses, limit) -> None:
    shards = 8
    for n in range(120):
        id_ = f"019b7963-4{n:03x}-8{n % shards}00-8000-000000000000"
        store(job_table, [job := a_job(id=id_)])
    listing = Listing(
        tenant=job.tenant, kind=job.kind, limit=limit, statuses=statuses, shards=shards
    )

    with engine.calls() as calls:
        page = job_table.newest(listing, known=120)

    assert len(page.jobs) == limit
    assert page.more
    assert calls == ["Query"] * shards


@pytest.mark.parametrize("statuses", [frozenset(), ENDED_BADLY], ids=["all", "by status"])
def test_expired_jobs_of_unused_shard_are_not_searched(
    job_table, engine, clock, a_job, statuses
) -> None:
    for n in range(80):
        old = a_job(id=f"019b7963-4{n:03x}-8100-8000-000000000000", retention=HOUR)
        store(job_table, ended(old, JobStatus.CANCELLED))
    for n in range(100, 112):
        job = a_job(id=f"019b7963-4{n:03x}-7000-8000-000000000000")
        store(job_table, ended(job, JobStatus.CANCELLED))
    clock.advance(2 * HOUR)
    listing = Listing(tenant=job.tenant, kind=job.kind, limit=5, statuses=statuses, shards=2)

    with engine.calls() as calls:
        page = job_table.newest(listing, known=12)

    assert [len(page.jobs), page.more] == [5, True]
    assert calls == ["Query"] * 2 * max(1, len(statuses))


# ── Counters ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("readers", [1, 8, MAX_SHARDS])
def test_counts_add_up_all_shards_ever_used(counters_of, new_id, a_job, readers) -> None:
    jobs = [a_job(id=new_id(shards)) for shards in [1, 8] * 30]
    done = [ended(job, [*ENDED_BADLY, JobStatus.RUNNING][n % 3])[-1] for n, job in enumerate(jobs)]
    changes = [change(job, previous=JobStatus.PENDING) for job in done]

    for some in (changes, changes[::-1], changes[7:31]):
        counters_of(8).count(some)

    counts = counters_of(readers).read(jobs[0].tenant, "messaging")
    assert counts.total == 60
    assert counts.of(JobStatus.RUNNING) == 20
    assert counts.shards == max(readers, 1 + max(shard_of(job.id) for job in jobs))


def test_used_shards_are_recorded_once_by_a_process(counters_of, engine, new_id, a_job) -> None:
    counters = counters_of(1)

    with engine.calls() as calls:
        for _ in range(5):
            job = replace(a_job(), id=f"{new_id(1)[:14]}8700-8000-{next(fresh):012}")
            counters.count([change(job, previous=None)])

    assert calls.count("UpdateItem") == 1


def test_counts_of_each_shard_take_one_call(counters_of, engine, tenant) -> None:
    with engine.calls() as calls:
        counters_of(8).read(tenant, "messaging")

    assert calls == ["Query"] * 8
