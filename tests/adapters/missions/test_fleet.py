"""One contract for every fleet: leases and readings of devices."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest

from jobs.core.job import JobRef
from jobs.kit.errors import UnavailableError
from jobs.kit.sqlite.database import Database
from jobs.missions.adapters.fleet import DynamoFleet
from jobs.missions.device import ONLINE_TIMEOUT_MS, DeviceState, Lease, Reading
from tests.fakes.memory_fleet import InMemoryFleet
from tests.support import NOON

HOLD = 120_000
JOB_ID = "019b7963-4a00-7000-8000-000000000001"
OTHER_ID = "019b7963-4a00-7000-8000-000000000002"


@pytest.fixture
def fleet(any_engine, clock):
    if isinstance(any_engine, Database):
        return InMemoryFleet(clock)
    return DynamoFleet(any_engine.client, any_engine.missions, clock)


@pytest.fixture
def fleet_table(engine, clock) -> DynamoFleet:
    return DynamoFleet(engine.client, engine.missions, clock)


@pytest.fixture
def device() -> str:
    return f"dock-{uuid4().hex}"


def ref(job_id: str = JOB_ID) -> JobRef:
    return JobRef(tenant="acme", kind="missions", id=job_id)


def reading(device: str, sequence: int = 1, **about) -> Reading:
    sane = {
        "online": True,
        "order": None,
        "timestamp": "2026-01-01T12:00:00.000Z",
        "values": {"droneState": "DOCKED", "battery": 81.5, "name": "Žluťák 🐎"},
    }
    return Reading(device=device, sequence=sequence, **sane | about)


def state_of(fleet, device: str) -> DeviceState:
    return fleet.states([device])[device]


# ── Readings ────────────────────────────────────────────────────────────────────


def test_state_of_silent_device_has_only_id(fleet, device) -> None:
    assert fleet.states([device]) == {device: DeviceState(device=device)}
    assert fleet.states([]) == {}


def test_reading_is_read_back(fleet, device) -> None:
    stored_reading = reading(device)

    before, after = fleet.store_reading(stored_reading, hold=HOLD)

    assert before == DeviceState(device=device)
    assert after == DeviceState(device=device, seen_at=NOON, reading=stored_reading)
    assert state_of(fleet, device) == after


def test_reading_older_than_stored_is_dropped(fleet, device) -> None:
    fleet.store_reading(newer := reading(device, 2), hold=HOLD)

    assert fleet.store_reading(reading(device, 1), hold=HOLD) is None
    assert fleet.store_reading(reading(device, 2), hold=HOLD) is None
    assert state_of(fleet, device).reading == newer


def test_reading_after_silence_is_stored_whatever_was_before(fleet, device, clock) -> None:
    fleet.store_reading(ahead := reading(device, 10**15), hold=HOLD)
    clock.advance(ONLINE_TIMEOUT_MS - 1)
    assert fleet.store_reading(reading(device, 1), hold=HOLD) is None
    clock.advance(1)
    assert fleet.store_reading(ahead, hold=HOLD) is None  # delivered again

    fleet.store_reading(reading(device, 1), hold=HOLD)

    assert state_of(fleet, device).reading == reading(device, 1)
    assert state_of(fleet, device).is_online(clock())
    assert fleet.store_reading(reading(device, 2), hold=HOLD) is not None


def test_store_reading_returns_state_before(fleet, device, clock) -> None:
    fleet.store_reading(first := reading(device, 1), hold=HOLD)
    clock.advance(1000)

    before, after = fleet.store_reading(reading(device, 2), hold=HOLD)

    assert (before.reading, before.seen_at) == (first, NOON)
    assert (after.reading, after.seen_at) == (reading(device, 2), NOON + 1000)


def test_disconnected_device_is_offline_until_reading(fleet, device) -> None:
    fleet.mark_disconnected(device)
    fleet.store_reading(stored_reading := reading(device, 1), hold=HOLD)

    fleet.mark_disconnected(device)
    assert state_of(fleet, device).reading == replace(stored_reading, online=False)

    fleet.store_reading(reading(device, 2), hold=HOLD)
    assert state_of(fleet, device).is_online(NOON)


def test_states_of_more_than_one_batch_are_all_found(fleet) -> None:
    devices = [f"dock-{uuid4().hex}" for _ in range(101)]
    fleet.store_reading(reading(devices[-1]), hold=HOLD)

    states = fleet.states(devices)

    assert [*states] == devices
    assert states[devices[-1]].reading is not None


# ── Leases ──────────────────────────────────────────────────────────────────────


def test_lease_of_leased_device_returns_none(fleet, device) -> None:
    assert fleet.lease(device, ref(), until=NOON + 1000) == 1
    assert fleet.lease(device, ref(OTHER_ID), until=NOON + 1000) is None

    assert state_of(fleet, device).lease == Lease(job=ref(), fence=1, until=NOON + 1000)


def test_lease_increases_fence(fleet, device, clock) -> None:
    fleet.release(device, fence=fleet.lease(device, ref(), until=NOON + 1000))
    second = fleet.lease(device, ref(OTHER_ID), until=NOON + 1000)
    clock.advance(1000)
    third = fleet.lease(device, ref(), until=NOON + 2000)

    assert (second, third) == (2, 3)


def test_release_with_old_fence_keeps_next_lease(fleet, device, clock) -> None:
    old = fleet.lease(device, ref(), until=NOON + 1000)
    clock.advance(1000)
    fleet.lease(device, ref(OTHER_ID), until=NOON + 9000)

    fleet.release(device, fence=old)

    assert state_of(fleet, device).lease == Lease(job=ref(OTHER_ID), fence=2, until=NOON + 9000)


def test_release_is_idempotent(fleet, device) -> None:
    fence = fleet.lease(device, ref(), until=NOON + 1000)

    fleet.release(device, fence=fence)
    fleet.release(device, fence=fence)

    assert state_of(fleet, device).lease is None


def test_reading_with_leased_order_renews_lease(fleet, device, clock) -> None:
    fleet.lease(device, ref(), until=NOON + 1000)
    clock.advance(500)

    _, after = fleet.store_reading(reading(device, order=f"{JOB_ID}-1"), hold=HOLD)

    assert after.lease == Lease(job=ref(), fence=1, until=NOON + 500 + HOLD)
    assert state_of(fleet, device) == after


@pytest.mark.parametrize("order", [None, f"{OTHER_ID}-1"])
def test_reading_without_leased_order_keeps_lease(fleet, device, order) -> None:
    fleet.lease(device, ref(), until=NOON + 1000)

    _, after = fleet.store_reading(reading(device, order=order), hold=HOLD)

    assert after.lease.until == NOON + 1000
    assert state_of(fleet, device) == after


@pytest.mark.parametrize("any_engine", ["sqlite", "ministack"], indirect=True)  # moto lets races
def test_concurrent_leases_grant_one(fleet, device) -> None:
    ids = [f"{JOB_ID[:-2]}{n:02d}" for n in range(12)]

    with ThreadPoolExecutor(12) as pool:
        fences = [*pool.map(lambda each: fleet.lease(device, ref(each), until=NOON + 1), ids)]

    assert [fence for fence in fences if fence is not None] == [1]
    assert state_of(fleet, device).lease.job.id == ids[fences.index(1)]


def test_lease_retried_by_sdk_is_granted(fleet_table, engine, device) -> None:
    with engine.losing_answer("UpdateItem") as lost:
        fence = fleet_table.lease(device, ref(), until=NOON + 1000)

    assert lost
    assert fence == 1


@pytest.mark.parametrize("act", [
    lambda fleet, device: fleet.states([device]),
    lambda fleet, device: fleet.lease(device, ref(), until=1),
    lambda fleet, device: fleet.release(device, fence=1),
    lambda fleet, device: fleet.store_reading(reading(device), hold=1),
    lambda fleet, device: fleet.mark_disconnected(device),
], ids=["states", "lease", "release", "report", "lost"])  # fmt: skip
def test_throttled_table_raises_unavailable_error(fleet_table, engine, device, act) -> None:
    with (
        engine.failing("ProvisionedThroughputExceededException"),
        pytest.raises(UnavailableError),
    ):
        act(fleet_table, device)


@pytest.mark.parametrize("order", [None, f"{JOB_ID}-1"])
def test_store_reading_is_one_write(fleet_table, engine, device, order) -> None:
    fleet_table.lease(device, ref(), until=NOON + 1000)

    with engine.calls() as made:
        fleet_table.store_reading(reading(device, order=order), hold=HOLD)

    assert made == ["UpdateItem"]
