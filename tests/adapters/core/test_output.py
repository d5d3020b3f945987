"""The output of a job."""

import asyncio
from typing import Any

import pytest

from jobs.core.adapters.dynamodb.output import DynamoOutputLog
from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.job import JobRef
from jobs.core.output_log import ItemTakenError, OutputLog
from jobs.kit.output.events import OutputItem
from jobs.kit.sqlite.database import Database
from tests.support import HOUR, NOON


@pytest.fixture
def log(any_engine) -> OutputLog:
    if isinstance(any_engine, Database):
        return SqliteOutputLog(any_engine)
    return DynamoOutputLog(any_engine.client, any_engine.output)


@pytest.fixture
def ref(tenant) -> JobRef:
    return JobRef(tenant=tenant, kind="docs", id="019b7963-4a00-7000-8000-000000000001")


def item(number: int, *, text: str = "ž", end: bool = False, attempt: int = 1) -> OutputItem:
    events: list[Any] = [{"t": "text", "text": text}]
    return OutputItem(number=number, events=events, end=end, attempt=attempt)


def append(log: OutputLog, ref: JobRef, *items: OutputItem) -> None:
    for each in items:
        log.append(ref, each, expires_at=NOON + HOUR)


def test_items_are_read_unchanged_from_a_number(log, ref) -> None:
    append(log, ref, item(1), item(2), item(3, end=True))

    assert log.read(ref, since=1) == [item(1), item(2), item(3, end=True)]
    assert log.read(ref, since=3) == [item(3, end=True)]
    assert log.read(ref, since=4) == []


def test_item_appended_again_stays_as_it_was(log, ref) -> None:
    append(log, ref, item(1), item(1, text="other"))

    assert log.read(ref, since=1) == [item(1)]


def test_items_are_read_up_to_the_first_gap(log, ref) -> None:
    append(log, ref, item(1), item(3))
    assert log.read(ref, since=1) == [item(1)]
    assert log.read(ref, since=2) == []

    append(log, ref, item(2))

    assert log.read(ref, since=1) == [item(1), item(2), item(3)]


def test_long_output_is_read_in_pages(log, ref) -> None:
    append(log, ref, *(item(n) for n in range(1, 121)))

    found: list[int] = []
    while page := log.read(ref, since=len(found) + 1):
        found += [each.number for each in page]

    assert found == [*range(1, 121)]


def test_output_belongs_to_one_job_of_one_tenant(log, ref, tenant) -> None:
    append(log, ref, item(1))

    assert log.read(JobRef(tenant=tenant, kind="docs", id="another"), since=1) == []
    rival = JobRef(tenant=f"{tenant}-rival", kind="docs", id=ref.id)
    assert log.read(rival, since=1) == []


def test_item_of_another_attempt_is_refused(log, ref) -> None:
    append(log, ref, item(1, attempt=2))

    for attempt in (1, 3):
        with pytest.raises(ItemTakenError) as error:
            append(log, ref, item(1, attempt=attempt))
        assert error.value.by == 2
    assert log.read(ref, since=1) == [item(1, attempt=2)]


def test_append_ends_a_pause_of_its_readers(sqlite, ref) -> None:
    log = SqliteOutputLog(sqlite)

    async def follow() -> None:
        with log.news(ref) as pause:
            append(log, ref, item(1))
            await asyncio.wait_for(pause(60), 5)

    asyncio.run(follow())
