"""Usage is exact for any batches, replays and order of the stream."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from typing import Any

import pytest

from jobs.core.adapters.dynamodb.counters import DynamoJobCounters
from jobs.core.adapters.dynamodb.usage import DynamoUsage
from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.core.changes import JobChange
from jobs.core.job import JobRef
from jobs.core.ports import JobCounters, UsageCounters
from jobs.core.status import JobStatus
from jobs.core.tokens import Tokens
from jobs.core.usage import Usage, UsageLog
from jobs.kit.sqlite.database import Database
from tests.support import HOUR, NOON

TODAY = date(2026, 1, 1)
KEY = "0123456789ab"


@pytest.fixture
def counting(any_engine, clock) -> tuple[JobCounters, UsageCounters]:
    """The counters of jobs, and the usage that they add to."""
    if isinstance(any_engine, Database):
        return SqliteJobCounters(any_engine, clock), SqliteUsage(any_engine, clock)
    args = any_engine.client, any_engine.counters, clock
    return DynamoJobCounters(*args), DynamoUsage(*args)


def life(tenant: str, number: int = 0, **about: Any) -> list[JobChange]:
    """Return the changes of a job: created, started, answered after 2 s, deleted."""
    created = JobChange(
        ref=JobRef(tenant=tenant, kind="messaging", id=f"019b7963-4a00-7000-8000-{number:012}"),
        sequence=1,
        status=JobStatus.PENDING,
        previous=None,
        changed_at=NOON,
        created_at=NOON,
        gone_at=NOON + HOUR,
        key_id=KEY,
    )
    started = replace(created, sequence=2, status=JobStatus.RUNNING, previous=JobStatus.PENDING)
    answered = replace(
        started,
        sequence=3,
        status=JobStatus.SUCCEEDED,
        previous=JobStatus.RUNNING,
        changed_at=NOON + 2000,
        started_at=NOON,
        tokens=Tokens(read=10, written=3),
    )
    answered = replace(answered, **about)
    deleted = replace(answered, status=None, previous=answered.status, started_at=None)
    return [created, started, answered, deleted]


def counts(usage: UsageCounters, tenant: str, **about: Any) -> list[Any]:
    found = usage.read(tenant, **{"first": TODAY, "last": TODAY} | about)
    return [(each.day, each.source, dict(each.counts)) for each in found]


ONE = {"SUCCEEDED": 1, "run_ms": 2000, "tokens_in": 10, "tokens_out": 3}


def test_usage_of_new_tenant_is_empty(counting, tenant) -> None:
    assert counts(counting[1], tenant) == []


@pytest.mark.parametrize("batches", [
    [[0], [1], [2], [3]],
    [[0, 1, 2, 3]],
    [[0, 1, 2], [0, 1, 2, 3], [3]],
    [[2], [1], [2, 3]],
    [[3, 2, 2, 1]],
])  # fmt: skip
def test_ended_job_is_used_once_despite_replays(counting, tenant, batches) -> None:
    counters, usage = counting
    changes = life(tenant)

    for batch in batches:
        counters.count([changes[n] for n in batch])

    assert counts(usage, tenant) == [(TODAY, "messaging", ONE)]


@pytest.mark.parametrize("batch", [[0], [0, 1]])
def test_unended_job_is_not_used(counting, tenant, batch) -> None:
    counters, usage = counting
    changes = life(tenant)

    counters.count([changes[n] for n in batch])

    assert counts(usage, tenant) == []


def test_imported_job_is_not_used_even_when_deleted(counting, tenant) -> None:
    counters, usage = counting
    [*_, ended, deleted] = life(tenant)

    counters.count([replace(ended, previous=None)])
    counters.count([deleted])

    assert counts(usage, tenant) == []


def test_deletion_tells_of_an_end_that_was_never_seen(counting, tenant) -> None:
    counters, usage = counting

    counters.count(life(tenant)[3:])

    without_run_time = {name: count for name, count in ONE.items() if name != "run_ms"}
    assert counts(usage, tenant) == [(TODAY, "messaging", without_run_time)]


def test_usage_of_a_key_is_that_of_its_jobs(counting, tenant) -> None:
    counters, usage = counting
    keyless = life(tenant, 1, key_id=None, status=JobStatus.FAILED, tokens=Tokens())

    counters.count([*life(tenant), *keyless, *life(tenant, 2, key_id="of another")])

    assert counts(usage, tenant, key_id=KEY) == [(TODAY, "messaging", ONE)]
    assert counts(usage, tenant) == [
        (
            TODAY,
            "messaging",
            {"SUCCEEDED": 2, "FAILED": 1, "run_ms": 6000, "tokens_in": 20, "tokens_out": 6},
        )
    ]
    assert counts(usage, f"{tenant}-rival") == []


def test_usage_is_read_by_day_and_source(counting, tenant) -> None:
    _, usage = counting
    days = [TODAY + timedelta(days=n) for n in range(4)]
    usage.count([
        UsageLog(id=f"{tenant}#{source}", entries=[
            Usage(tenant=tenant, day=day, source=source, counts={"count.base-sepolia": 1})
            for day in days
        ])
        for source in ("payments", "webhooks")
    ])  # fmt: skip

    found = counts(usage, tenant, first=days[1], last=days[2])

    assert found == [
        (day, source, {"count.base-sepolia": 1})
        for day in days[1:3]
        for source in ("payments", "webhooks")
    ]


def test_growing_log_counts_its_new_entries_once(counting, tenant) -> None:
    _, usage = counting
    entry = Usage(tenant=tenant, day=TODAY, source="webhooks", counts={"attempts": 1}, key_id=KEY)
    empty = replace(entry, counts={})

    for entries in ([entry], [entry], [entry, empty, entry], [entry]):
        log = UsageLog(id=f"{tenant}#delivery", entries=entries)
        usage.count([log, log])

    assert counts(usage, tenant) == counts(usage, tenant, key_id=KEY)
    assert counts(usage, tenant) == [(TODAY, "webhooks", {"attempts": 2})]


def test_lost_response_does_not_count_twice(engine, clock, tenant) -> None:
    usage = DynamoUsage(engine.client, engine.counters, clock)
    entry = Usage(tenant=tenant, day=TODAY, source="webhooks", counts={"attempts": 1})

    with engine.losing_answer("TransactWriteItems") as lost:
        usage.count([UsageLog(id=f"{tenant}#delivery", entries=[entry])])

    assert lost
    assert counts(usage, tenant) == [(TODAY, "webhooks", {"attempts": 1})]


def test_racing_consumers_count_each_entry_once(ministack, clock, tenant) -> None:
    usage = DynamoUsage(ministack.client, ministack.counters, clock)
    entry = Usage(tenant=tenant, day=TODAY, source="webhooks", counts={"attempts": 1})
    logs = [UsageLog(id=f"{tenant}#{n}", entries=[entry]) for n in range(30)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(usage.count, [logs[n : n + 15] for n in (0, 5, 10, 15)] * 2))

    assert counts(usage, tenant) == [(TODAY, "webhooks", {"attempts": 30})]


def test_quarter_is_read_by_one_query(ministack, clock, tenant) -> None:
    usage = DynamoUsage(ministack.client, ministack.counters, clock)
    days = [TODAY + timedelta(days=n) for n in range(92)]
    for n, day in enumerate(days):
        usage.count([
            UsageLog(id=f"{tenant}#{n}#{source}", entries=[
                Usage(tenant=tenant, day=day, source=source, counts={"SUCCEEDED": 1, "run_ms": n})
            ])
            for source in ("docs", "messaging", "missions", "payments", "webhooks")
        ])  # fmt: skip

    with ministack.calls() as calls:
        found = usage.read(tenant, first=days[0], last=days[-1])

    assert len(found) == 92 * 5
    assert calls == ["Query"]


def test_jobs_with_keys_of_many_tenants_fit_into_transactions(engine, clock, tenant) -> None:
    """Each has two buckets and two items of usage: the most that a job can need."""
    counters = DynamoJobCounters(engine.client, engine.counters, clock)
    lives = [life(f"{tenant}-{n}", n) for n in range(45)]
    counters.count([changes[1] for changes in lives])

    counters.count([*chain.from_iterable(lives)])

    usage = DynamoUsage(engine.client, engine.counters, clock)
    assert all(counts(usage, f"{tenant}-{n}") == [(TODAY, "messaging", ONE)] for n in range(45))


def test_usage_of_all_shards_is_added_up(counting, tenant) -> None:
    counters, usage = counting
    for n in range(16):
        changes = [
            replace(each, ref=replace(each.ref, id=f"019b7963-4a00-8{n:x}00-8000-{n:012}"))
            for each in life(tenant, n)
        ]
        counters.count(changes)
    counters.count(life(tenant, 99))

    for key_id in (None, KEY):
        [found] = usage.read(tenant, first=TODAY, last=TODAY, key_id=key_id)
        assert found.source == "messaging"
        assert found.counts["SUCCEEDED"] == 17
