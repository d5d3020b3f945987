"""Slots: taken and released exactly, and released to the jobs that wait."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jobs.core.adapters.dynamodb.slots import DynamoSlots, parse_release
from jobs.core.adapters.sqlite import slots as sqlite_slots
from jobs.core.adapters.sqlite.slots import SqliteSlots
from jobs.core.ids import created_at, new_job_id
from jobs.core.job import JobRef
from jobs.core.ports import Slots
from jobs.core.slots import Release, Slot
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.outbox import Outbox
from tests.support import NOON

MINUTE = 60_000
UNTIL = NOON + MINUTE
HOUR = 60 * MINUTE


@pytest.fixture
def slots(any_engine, clock) -> Slots:
    if isinstance(any_engine, Database):
        return SqliteSlots(any_engine, clock)
    return DynamoSlots(any_engine.client, any_engine.jobs, clock)


@pytest.fixture
def slot_table(engine, clock) -> DynamoSlots:
    return DynamoSlots(engine.client, engine.jobs, clock)


@pytest.fixture
def ref(tenant) -> Callable[..., JobRef]:
    """Return the ref of a new job, created so many milliseconds after noon."""
    return lambda after=0: JobRef(tenant=tenant, kind="messaging", id=new_job_id(NOON + after))


def test_jobs_take_as_many_slots_as_the_limit(slots, ref) -> None:
    taken = [slots.take(ref(), limit=3, until=UNTIL) for _ in range(5)]

    assert {slot.number for slot in taken[:3]} == {0, 1, 2}
    assert taken[3:] == [None, None]


def test_job_with_a_slot_gets_the_same_again(slots, ref) -> None:
    first, other = ref(), ref()
    slots.take(other, limit=3, until=UNTIL)
    slot = slots.take(first, limit=3, until=UNTIL)

    again = slots.take(first, limit=3, until=UNTIL)
    assert (again, again.again, slot.again) == (slot, True, False)
    slots.take(ref(), limit=3, until=UNTIL)
    assert slots.take(first, limit=3, until=UNTIL) == slot
    assert slots.take(ref(), limit=3, until=UNTIL) is None


def test_released_slot_is_free_again(slots, ref) -> None:
    first = ref()
    slots.release(first, slots.take(first, limit=1, until=UNTIL))

    assert slots.take(ref(), limit=1, until=UNTIL) is not None


def test_slot_of_a_lost_message_is_free_after_its_expiry(slots, ref, clock) -> None:
    slots.take(ref(), limit=1, until=UNTIL)

    clock.advance(MINUTE - 1)
    assert slots.take(ref(), limit=1, until=UNTIL + HOUR) is None
    clock.advance(1)
    assert slots.take(ref(), limit=1, until=UNTIL + HOUR) is not None


def test_late_release_leaves_the_next_owner_its_slot(slots, ref, clock) -> None:
    first = ref()
    lost = slots.take(first, limit=1, until=UNTIL)
    clock.advance(MINUTE)
    slots.take(ref(), limit=1, until=UNTIL + HOUR)

    slots.release(first, lost)

    assert slots.take(ref(), limit=1, until=UNTIL + HOUR) is None


def test_each_tenant_and_kind_has_its_own_slots(slots, ref, tenant) -> None:
    slots.take(ref(), limit=1, until=UNTIL)

    rival = JobRef(tenant=f"{tenant}-rival", kind="messaging", id=ref().id)
    docs = JobRef(tenant=tenant, kind="docs", id=ref().id)
    assert slots.take(rival, limit=1, until=UNTIL)
    assert slots.take(docs, limit=1, until=UNTIL)


def test_lowered_limit_admits_no_job(slots, ref) -> None:
    for _ in range(3):
        slots.take(ref(), limit=3, until=UNTIL)

    assert slots.take(ref(), limit=1, until=UNTIL) is None


def release_of(tenant: str, group: int = 0) -> Release:
    return Release(tenant=tenant, kind="messaging", latest="", group=group)


def test_jobs_wait_in_order_of_creation(slots, ref, tenant) -> None:
    younger, older = ref(2), ref(1)
    for each in (younger, older):
        slots.wait(each, until=UNTIL, limit=1)

    assert slots.oldest(release_of(tenant), max_age=HOUR) == older
    slots.leave(older, group=0)
    slots.leave(older, group=0)
    assert slots.oldest(release_of(tenant), max_age=HOUR) == younger
    slots.leave(younger, group=0)
    assert slots.oldest(release_of(tenant), max_age=HOUR) is None


def test_overdue_jobs_wait_no_longer(slots, ref, tenant, clock) -> None:
    for n in range(120):  # more than a page
        slots.wait(ref(n), until=NOON + 1000, limit=1)
    live = ref(500)
    slots.wait(live, until=UNTIL, limit=1)

    clock.advance(1000)

    assert slots.oldest(release_of(tenant), max_age=HOUR) == live


def test_waiting_job_with_a_slot_is_stranded(slots, ref, tenant) -> None:
    older, younger, sent, release = ref(1), ref(2), ref(0), release_of(tenant)
    for each in (younger, sent):
        slots.take(each, limit=2, until=created_at(each.id) + HOUR)
    assert slots.stranded(release, max_age=HOUR) is None

    for each in (older, younger):
        slots.wait(each, until=UNTIL, limit=2)

    assert slots.stranded(release, max_age=HOUR) == younger
    slots.leave(younger, group=0)
    assert slots.stranded(release, max_age=HOUR) is None


def test_wait_tells_whether_a_slot_is_free(slots, ref) -> None:
    first = ref()
    slot = slots.take(first, limit=1, until=UNTIL)

    assert not slots.wait(ref(), until=UNTIL, limit=1)
    slots.release(first, slot)
    assert slots.wait(ref(), until=UNTIL, limit=1)


@pytest.mark.parametrize("any_engine", ["sqlite", "ministack"], indirect=True)  # moto has no locks
def test_racing_jobs_take_each_slot_once(any_engine, slots, ref) -> None:
    refs = [ref(n) for n in range(24)]
    with ThreadPoolExecutor(8) as dispatchers:
        taken = [*dispatchers.map(lambda each: slots.take(each, limit=10, until=UNTIL), refs)]

    assert sorted(slot.number for slot in taken if slot) == [*range(10)]


def test_take_with_free_slots_makes_one_call(slot_table, engine, ref) -> None:
    with engine.calls() as calls:
        slot_table.take(ref(), limit=50, until=UNTIL)

    assert calls == ["UpdateItem"]


def test_taken_slots_of_the_default_limit_fit_one_write_unit(slot_table, engine, ref) -> None:
    first = ref()
    slot_table.wait(first, until=UNTIL, limit=50)
    for _ in range(50):
        assert slot_table.take(ref(), limit=50, until=UNTIL)

    item = read_slots(engine, first)

    assert sum(map(size_of, item, item.values())) <= 1024


def size_of(name: str, value: Any) -> int:
    """Return the bytes of an attribute: a number has a byte for two digits, and one more."""
    number = value.get("N")
    return len(name) + ((len(number) + 1) // 2 + 1 if number else len(value["S"]))


def test_lost_response_takes_one_slot(slot_table, engine, ref) -> None:
    first = ref()
    with engine.losing_answer("UpdateItem") as lost:
        slot = slot_table.take(first, limit=2, until=UNTIL)

    assert lost
    slot_table.release(first, slot)
    assert slot_table.take(ref(), limit=1, until=UNTIL)


# ── Groups ──


@pytest.mark.parametrize("limit", [100, 149, 1000, 2000])
def test_groups_of_slots_have_the_limit_together(slot_table, limit) -> None:
    refs = [JobRef(tenant="acme", kind="messaging", id=new_job_id(NOON)) for _ in range(500)]
    groups = {slot_table.group_of(each, limit=limit) for each in refs}

    assert groups == {*range(min(limit // 50, 16))}
    assert sum((limit + group) // len(groups) for group in groups) == limit


def test_job_takes_a_slot_of_its_group_and_waits_there(slot_table, engine, ref, tenant) -> None:
    limit = 100
    refs = [ref(n) for n in range(240)]
    slots = {each: slot_table.take(each, limit=limit, until=UNTIL) for each in refs}
    taken = {each: slot for each, slot in slots.items() if slot}
    late = [each for each, slot in slots.items() if slot is None]
    one = next(each for each in late if slot_table.group_of(each, limit=limit) == 1)

    assert len({slot.number for slot in taken.values()}) == len(taken) == limit
    assert slot_table.take(refs[0], limit=limit, until=UNTIL) == slots[refs[0]]
    assert not slot_table.wait(one, until=UNTIL, limit=limit)
    assert slot_table.oldest(release_of(tenant), max_age=HOUR) is None
    assert slot_table.oldest(release_of(tenant, 1), max_age=HOUR) == one
    done = next(each for each in taken if slot_table.group_of(each, limit=limit) == 1)
    before = read_slots(engine, done, group=1)
    slot_table.release(done, taken[done])
    record = {"dynamodb": {"OldImage": before, "NewImage": read_slots(engine, done, group=1)}}
    assert parse_release(record) == Release(tenant=tenant, kind="messaging", latest=one.id, group=1)
    assert slot_table.take(one, limit=limit, until=UNTIL)


# ── The stream ──────────────────────────────────────────────────────────────────


def read_slots(engine: Any, ref: JobRef, group: int = 0) -> Any:
    partition = f"{ref.tenant}#{ref.kind}#slots" + (f"#{group}" if group else "")
    key = {"PK": {"S": partition}, "SK": {"S": "slots"}}
    return engine.client.get_item(TableName=engine.jobs, Key=key)["Item"]


@pytest.fixture
def changing(engine, ref) -> Callable[..., Any]:
    """Return the stream's record of a change."""

    def record(change: Callable[[], object]) -> Any:
        before = read_slots(engine, ref())
        change()
        return {"dynamodb": {"OldImage": before, "NewImage": read_slots(engine, ref())}}

    return record


def test_release_while_jobs_wait_is_reported(slot_table, changing, ref, tenant) -> None:
    first, second = ref(), ref(1)
    slot = slot_table.take(first, limit=1, until=UNTIL)

    waits = changing(lambda: slot_table.wait(second, until=UNTIL, limit=1))
    released = changing(lambda: slot_table.release(first, slot))
    taken = changing(lambda: slot_table.take(second, limit=1, until=UNTIL))

    expected = Release(tenant=tenant, kind="messaging", latest=second.id)
    assert [*map(parse_release, (waits, released, taken))] == [None, expected, None]


def test_release_without_waiting_jobs_is_not_reported(slot_table, changing, ref, tenant) -> None:
    first = ref()
    slot = slot_table.take(first, limit=1, until=UNTIL)
    slot_table.wait(first, until=UNTIL, limit=1)
    slot_table.close(Release(tenant=tenant, kind="messaging", latest=first.id))

    assert parse_release(changing(lambda: slot_table.release(first, slot))) is None


def test_job_that_began_to_wait_since_keeps_releases_reported(
    slot_table, changing, ref, tenant
) -> None:
    first, second = ref(), ref(1)
    slot = slot_table.take(first, limit=1, until=UNTIL)
    slot_table.wait(first, until=UNTIL, limit=1)
    slot_table.wait(second, until=UNTIL, limit=1)

    slot_table.close(Release(tenant=tenant, kind="messaging", latest=first.id))

    assert parse_release(changing(lambda: slot_table.release(first, slot)))


@pytest.mark.parametrize("slot", [Slot(7, 1), Slot(0, 1)])
def test_release_of_a_slot_that_was_never_taken_does_nothing(slots, ref, slot) -> None:
    other = ref()
    slots.take(other, limit=1, until=UNTIL)

    slots.release(other, slot)

    assert slots.take(ref(), limit=1, until=UNTIL) is None


def test_sqlite_reports_releases_while_jobs_wait(sqlite, clock, ref) -> None:
    slots, outbox = SqliteSlots(sqlite, clock), Outbox(sqlite)
    outbox.subscribe({"test": sqlite_slots.TOPIC})
    first, waiting = ref(), ref()
    slot = slots.take(first, limit=2, until=UNTIL)
    other = slots.take(ref(), limit=2, until=UNTIL)
    assert not slots.wait(waiting, until=UNTIL, limit=2)

    slots.release(first, slot)
    slots.release(first, slot)  # it is free already
    reported = [sqlite_slots.parse_release(each) for each in outbox.read("test", limit=10)]
    release = Release(tenant=first.tenant, kind=first.kind, latest=waiting.id)
    assert reported == [release]

    slots.close(release)
    slots.release(first, other)
    assert len(outbox.read("test", limit=10)) == 1
