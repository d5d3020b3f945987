"""What the table of jobs reports in SQLite is what DynamoDB's stream does."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jobs import kinds
from jobs.core.adapters.sqlite import stream
from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.changes import JobChange
from jobs.core.tokens import Tokens
from jobs.core.webhook import Webhook
from jobs.kit.sqlite.outbox import Outbox, Record
from tests.fakes.memory import change
from tests.support import HOUR, NOON

LEASE = 25_000


@pytest.fixture
def jobs(sqlite, clock) -> SqliteJobRepository:
    return SqliteJobRepository(sqlite, clock, kinds.storage)


@pytest.fixture
def outbox(sqlite, jobs) -> Outbox:
    outbox = Outbox(sqlite)
    outbox.subscribe({"test": stream.TOPIC})
    return outbox


def records(outbox: Outbox) -> Sequence[Record]:
    return outbox.read("test", limit=100)


def changes(outbox: Outbox) -> list[JobChange | None]:
    return [stream.parse_change(record, kinds.storage) for record in records(outbox)]


def test_each_change_of_status_is_reported_once(jobs, outbox, a_mission) -> None:
    job = a_mission(webhook=Webhook(url="https://receiver.example", events=frozenset({"failed"})))
    running = job.claim(now=NOON + 1, lease=LEASE).spend(Tokens(5, 7))
    ended = running.succeed({"ok": True}, now=NOON + 9)

    jobs.add(job)
    jobs.add(job)
    jobs.save(running, replacing=job)
    jobs.renew(running, lease_until=NOON + 2 * LEASE)
    jobs.save(ended, replacing=running)

    assert changes(outbox) == [
        change(job, previous=None),
        change(running, previous=job.status),
        change(ended, previous=running.status, started_at=NOON + 1),
    ]


def test_reported_job_has_all_but_its_bodies(jobs, outbox, a_docs_job) -> None:
    job = a_docs_job()
    jobs.add(job)

    found = stream.parse_job(records(outbox)[0], kinds.storage)

    assert found.request == {}
    assert found == job.__replace__(request={})


def test_deletion_is_reported_as_change_without_status(jobs, outbox, a_job) -> None:
    jobs.add(job := a_job())
    jobs.delete(job)

    *_, deletion = changes(outbox)
    assert deletion == change(job, previous=job.status).__replace__(status=None)


def test_moved_deadline_is_reported_without_change_of_status(jobs, outbox, a_mission) -> None:
    started = a_mission().start(now=NOON, deadline=NOON + HOUR)
    jobs.add(started)
    jobs.save(started.__replace__(deadline=NOON + 2 * HOUR), replacing=started)

    _, moved = records(outbox)
    assert stream.moves_deadline(moved)
    assert stream.parse_change(moved, kinds.storage) is None
    assert stream.parse_job(moved, kinds.storage).deadline == NOON + 2 * HOUR


def test_expiry_of_ended_job_is_not_reported(sqlite, jobs, outbox, clock, a_job) -> None:
    live, ended = a_job(), a_job(id="019b7963-4a00-7000-8000-000000000002")
    jobs.add(live)
    jobs.add(ended)
    jobs.save(ended.cancel(now=NOON), replacing=ended)
    clock.advance(48 * HOUR)
    known = len(records(outbox))

    sqlite.sweep(clock())

    new: Any = [each and (each.ref, each.status) for each in changes(outbox)[known:]]
    assert new == [(live.ref, None)]


def test_lease_of_ended_process_is_recovered(jobs, a_job) -> None:
    jobs.add(job := a_job())
    running = job.claim(now=NOON, lease=LEASE)
    jobs.save(running, replacing=job)

    jobs.recover()

    assert jobs.get(job.ref) == running.renewed(0)


def test_waiting_for_a_job_lasts_until_it_has_ended(sqlite, jobs, a_job) -> None:
    jobs.add(job := a_job())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(jobs.pause, job.ref, 30)
        while not sqlite.signals._listeners:  # noqa: SLF001
            pass
        jobs.save(job.cancel(now=NOON), replacing=job)
        waiting.result(timeout=10)

    jobs.pause(job.ref, 30)  # it has ended already
    assert not sqlite.signals._listeners  # noqa: SLF001


def test_event_loop_waits_until_a_job_has_ended(sqlite, jobs, a_job) -> None:
    jobs.add(job := a_job())

    async def wait() -> None:
        with SqliteOutputLog(sqlite).news(job.ref) as pause:
            await pause(0)  # has not ended
            await asyncio.to_thread(jobs.save, job.cancel(now=NOON), replacing=job)
            await pause(30)

    asyncio.run(asyncio.wait_for(wait(), timeout=10))

    assert not sqlite.signals._listeners  # noqa: SLF001
