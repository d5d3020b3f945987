"""Counts are exact for any batches, replays and order of the stream."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.core.adapters.dynamodb.counters import DynamoJobCounters
from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.changes import JobChange
from jobs.core.job import JobRef
from jobs.core.ports import JobCounters
from jobs.core.status import JobStatus
from tests.databases import empty_database
from tests.support import HOUR, NOON, FrozenClock

fresh = count()
QUARTER = HOUR // 4


def changes_of(tenant: str, number: int = 0, *path: JobStatus, gone_at: int = NOON + HOUR) -> Any:
    """Return the changes of one job, up to its deletion."""
    ref = JobRef(tenant=tenant, kind="messaging", id=f"019b7963-4a00-7000-8000-{number:012}")
    states = [None, *(path or (JobStatus.PENDING, JobStatus.RUNNING, JobStatus.SUCCEEDED)), None]
    return [
        JobChange(
            ref=ref,
            sequence=min(n + 1, len(states) - 2),
            status=status,
            previous=states[n],
            changed_at=NOON + 100 * (n + number),
            created_at=NOON + 100 * number,
            gone_at=gone_at,
        )
        for n, status in enumerate(states[1:])
    ]


def of(counters: JobCounters, tenant: str) -> dict[str, int]:
    counts = counters.read(tenant, "messaging")
    return {status.value: n for status, n in counts.by_status.items() if n}


def test_counts_of_new_tenant_are_zero(counters, tenant) -> None:
    assert counters.read(tenant, "messaging").total == 0


def test_job_is_counted_under_its_status(counters, tenant) -> None:
    created, claimed, answered, _ = changes_of(tenant)

    counters.count([created])
    assert of(counters, tenant) == {"PENDING": 1}
    counters.count([claimed])
    assert of(counters, tenant) == {"RUNNING": 1}
    counters.count([answered])
    assert of(counters, tenant) == {"SUCCEEDED": 1}
    assert counters.read(tenant, "messaging").processing_ms == 200


def test_batch_counts_like_single_changes(counters, tenant) -> None:
    counters.count([change for n in range(60) for change in changes_of(tenant, n)[: n % 4]])

    assert of(counters, tenant) == {"PENDING": 15, "RUNNING": 15, "SUCCEEDED": 15}


@pytest.mark.parametrize("batches", [
    [[0, 1, 2], [0, 1, 2]],
    [[0, 1], [1, 2], [0, 1, 2]],
    [[2], [0], [1]],
    [[2, 1, 0]],
    [[0, 0, 0, 1, 1, 2, 2]],
])  # fmt: skip
def test_replays_and_disorder_do_not_change_counts(counters, tenant, batches) -> None:
    changes = changes_of(tenant)

    for batch in batches:
        counters.count([changes[n] for n in batch])

    assert of(counters, tenant) == {"SUCCEEDED": 1}
    assert counters.read(tenant, "messaging").processing_ms == 200


def test_tenants_and_kinds_are_counted_apart(counters, tenant) -> None:
    counters.count([changes_of(tenant)[0], changes_of(f"{tenant}-rival")[1]])

    assert of(counters, tenant) == {"PENDING": 1}
    assert of(counters, f"{tenant}-rival") == {"RUNNING": 1}
    assert counters.read(tenant, "missions").total == 0


def test_ended_job_is_not_counted_after_retention(counters, clock, tenant) -> None:
    counters.count(changes_of(tenant, gone_at=NOON + QUARTER)[:3])
    clock.advance(QUARTER - 1)
    assert of(counters, tenant) == {"SUCCEEDED": 1}

    clock.advance(1)

    assert of(counters, tenant) == {}
    assert counters.read(tenant, "messaging").processing_ms == 0


def test_late_deletion_does_not_subtract_twice(counters, clock, tenant) -> None:
    first, second = changes_of(tenant, 1, gone_at=NOON + QUARTER), changes_of(tenant, 2)
    counters.count([*first[:3], *second[:3]])
    clock.advance(QUARTER)

    counters.count(first[3:])

    assert of(counters, tenant) == {"SUCCEEDED": 1}


def test_early_deletion_subtracts_once(counters, clock, tenant) -> None:
    first, second = (changes_of(tenant, n, gone_at=NOON + QUARTER) for n in (1, 2))
    counters.count([*first[:3], *second[:3]])

    counters.count(first[3:])
    counters.count(first)
    assert of(counters, tenant) == {"SUCCEEDED": 1}
    clock.advance(QUARTER)

    assert of(counters, tenant) == {}


@pytest.mark.parametrize("path", [[JobStatus.PENDING], [JobStatus.PENDING, JobStatus.RUNNING]])
def test_deleted_running_job_is_subtracted(counters, tenant, path) -> None:
    changes = changes_of(tenant, 0, *path)
    counters.count(changes[:-1])

    counters.count(changes[-1:])
    counters.count(changes)

    assert of(counters, tenant) == {}


def test_changes_are_ordered_by_sequence_despite_clock_skew(counters, tenant) -> None:
    created, claimed, answered, _ = changes_of(tenant)
    slow = JobChange(
        ref=answered.ref,
        sequence=3,
        status=JobStatus.SUCCEEDED,
        previous=JobStatus.RUNNING,
        changed_at=claimed.changed_at - 60_000,
        created_at=created.created_at,
        gone_at=answered.gone_at,
    )

    counters.count([slow])
    counters.count([created, claimed])

    assert of(counters, tenant) == {"SUCCEEDED": 1}


PATHS = st.sampled_from([
    [JobStatus.PENDING],
    [JobStatus.PENDING, JobStatus.RUNNING],
    [JobStatus.PENDING, JobStatus.CANCELLED],
    [JobStatus.PENDING, JobStatus.RUNNING, JobStatus.FAILED],
    [JobStatus.PENDING, JobStatus.RUNNING, JobStatus.SUCCEEDED],
    [JobStatus.PENDING, JobStatus.TIMED_OUT],
])  # fmt: skip


@st.composite
def deliveries(draw: Any) -> tuple[Sequence[tuple[list[JobStatus], int]], list[list[tuple]], int]:
    """Draw jobs, batches of their changes, and the time that passes, in quarters of an hour."""
    jobs = draw(st.lists(st.tuples(PATHS, st.integers(1, 4)), min_size=1, max_size=5))
    known = [(job, n) for job, (path, _) in enumerate(jobs) for n in range(len(path) + 1)]
    batches = draw(st.lists(st.lists(st.sampled_from(known), max_size=8), max_size=8))
    return jobs, batches, draw(st.integers(0, 5))


@given(delivered=deliveries(), whole=st.booleans())
@settings(settings.get_profile("engines"), max_examples=20)
def test_any_batches_of_changes_are_counted_as_on_sqlite(engine, tenant, delivered, whole):
    clock, tenant = FrozenClock(), f"{tenant}-{next(fresh)}"
    table = DynamoJobCounters(engine.client, engine.counters, clock)
    oracle = SqliteJobCounters(empty_database(), clock)
    jobs, batches, quarters = delivered
    changes = [
        changes_of(tenant, n, *path, gone_at=NOON + gone * QUARTER)
        for n, (path, gone) in enumerate(jobs)
    ]
    everything = [change for one in changes for change in one[:-1]]

    for batch in [*batches, *([None] if whole else [])]:
        counted = everything if batch is None else [changes[job][n] for job, n in batch]
        table.count(counted)
        oracle.count(counted)
        assert of(table, tenant) == of(oracle, tenant)

    clock.advance(quarters * QUARTER)
    assert of(table, tenant) == of(oracle, tenant)
    assert table.read(tenant, "messaging") == oracle.read(tenant, "messaging")


def test_racing_consumers_count_each_change_once(ministack, clock, tenant) -> None:
    table = DynamoJobCounters(ministack.client, ministack.counters, clock)
    changes = [change for n in range(20) for change in changes_of(tenant, n)[:3]]
    batches = [changes[n : n + 15] for n in range(0, len(changes), 5)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(table.count, [*batches, *batches]))

    assert of(table, tenant) == {"SUCCEEDED": 20}


def test_lost_response_does_not_count_twice(counter_table, engine, tenant) -> None:
    with engine.losing_answer("TransactWriteItems") as lost:
        counter_table.count([changes_of(tenant)[0]])

    assert lost
    assert of(counter_table, tenant) == {"PENDING": 1}


def test_overtaken_consumer_counts_remaining_changes(counter_table, engine, clock, tenant) -> None:
    """Another consumer counts the same job between our read and our write."""
    created, claimed, *_ = changes_of(tenant)
    rival = DynamoJobCounters(engine.client, engine.counters, clock)
    overtaken: list[bool] = []

    def overtake(**_: Any) -> None:
        if not overtaken:
            overtaken.append(True)
            rival.count([created])

    with engine.hooked("before-call.dynamodb.TransactWriteItems", overtake):
        counter_table.count([created, claimed])

    assert of(counter_table, tenant) == {"RUNNING": 1}


def test_read_cost_does_not_grow_with_jobs(ministack, clock, tenant) -> None:
    table = DynamoJobCounters(ministack.client, ministack.counters, clock)
    costs = []
    for numbers in (range(10), range(10, 1000)):
        table.count([change for n in numbers for change in changes_of(tenant, n)[: 1 + n % 3]])
        with ministack.calls() as calls, ministack.consumed() as units:
            assert table.read(tenant, "messaging").total == numbers.stop
        costs.append((calls, units))

    assert costs[0] == costs[1]
    assert costs[0][0] == ["Query"]


def test_batch_of_20_jobs_takes_two_calls(counter_table, engine, tenant) -> None:
    changes = [changes_of(tenant, n)[0] for n in range(40)]

    with engine.calls() as calls:
        counter_table.count(changes)

    assert calls == ["BatchGetItem", "TransactWriteItems"] * 2
