"""Readings cost their shared worker one write, whatever a tenant has and does."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import Mock

import pytest

from jobs.core.job import JobRef
from jobs.kit.clock import Millis
from jobs.kit.errors import UnavailableError
from jobs.missions.device import (
    Device,
    DeviceGroup,
    DeviceState,
    Disconnection,
    Reading,
    StoredReading,
    TrackPoint,
)
from jobs.missions.mission import parse_job_id
from jobs.missions.reading_rates import INTERVAL_MS, MAX_BURST, ReadingRates
from jobs.missions.store_readings import Report, StoreReadings
from tests.fakes.memory_fleet import InMemoryFleet
from tests.fakes.memory_missions import InMemoryFleetRegistry
from tests.support import NOON, FrozenClock

NOISY, QUIET = "dock-noisy", "dock-quiet"
ORDER = "019b7963-4a00-7000-8000-2a97516c354b-1"


class CountingFleet(InMemoryFleet):
    """Counts the writes for each device; those of `failing` devices fail."""

    def __init__(self, clock: FrozenClock) -> None:
        super().__init__(clock)
        self.writes = Counter[str]()
        self.failing: set[str] = set()

    def store_reading(
        self, reading: Reading, *, hold: Millis
    ) -> tuple[DeviceState, DeviceState] | None:
        self.writes[reading.device] += 1
        if reading.device in self.failing:
            raise UnavailableError(reading.device)
        return super().store_reading(reading, hold=hold)

    def mark_disconnected(self, device_id: str) -> None:
        self.writes[device_id] += 1
        super().mark_disconnected(device_id)


@pytest.fixture
def fleet(clock) -> CountingFleet:
    return CountingFleet(clock)


@pytest.fixture
def queue() -> Mock:
    return Mock()


@pytest.fixture
def store(clock, fleet, queue) -> StoreReadings:
    registry = InMemoryFleetRegistry()
    for tenant, device in (("noisy", NOISY), ("quiet", QUIET)):
        dock = Device(id=device, tenant=tenant, group=tenant, name=device)
        registry.put_group(DeviceGroup(id=tenant, tenant=tenant, name=tenant, devices=(dock,)))
    return StoreReadings(
        registry=registry,
        fleet=fleet,
        rates=ReadingRates(clock),
        queue=queue,
        clock=clock,
        silence_timeout=60_000,
    )


@pytest.fixture
def reading() -> Callable[..., Reading]:
    def make(device: str, sequence: int = 1, **about: Any) -> Reading:
        sane = {"online": True, "order": None, "timestamp": "", "values": {"droneState": "DOCKED"}}
        return Reading(device=device, sequence=sequence, **{**sane, **about})

    return make


def by_key(*reports: Report) -> Mapping[str, Report]:
    return {f"{n}": each for n, each in enumerate(reports)}


def test_stored_readings_are_queued_in_one_call(store, queue, reading) -> None:
    assert store(by_key(reading(NOISY), reading(QUIET))) == {}

    queue.send.assert_called_once_with([
        StoredReading(device=NOISY, tenant="noisy"), StoredReading(device=QUIET, tenant="quiet"),
    ])  # fmt: skip


def test_flood_of_one_device_makes_a_bounded_number_of_writes(store, fleet, clock, reading) -> None:
    seconds, per_second = 10, 100
    for n in range(seconds * per_second):
        store(by_key(reading(NOISY, 2 * n), reading(NOISY, 2 * n + 1)))
        if n % per_second == 0:
            store(by_key(reading(QUIET, n + 1)))
        clock.advance(1000 // per_second)

    assert fleet.writes[QUIET] == seconds
    assert fleet.writes[NOISY] <= MAX_BURST + seconds * 1000 // INTERVAL_MS
    assert fleet.states([QUIET])[QUIET].is_online(clock())


def test_batch_stores_only_the_newest_reading_of_a_device(store, fleet, reading) -> None:
    store(by_key(*(reading(NOISY, sequence) for sequence in (1, 3, 2))))

    assert fleet.writes == {NOISY: 1}
    stored = fleet.states([NOISY])[NOISY].reading
    assert stored is not None
    assert stored.sequence == 3


@pytest.mark.parametrize("readings_after", [0, 1])
def test_last_report_decides_whether_device_is_online(
    store, fleet, reading, readings_after
) -> None:
    store(by_key(reading(NOISY)))

    store(by_key(Disconnection(device=NOISY), *(reading(NOISY, 2),) * readings_after))

    assert fleet.states([NOISY])[NOISY].is_online(NOON) is bool(readings_after)


def test_failed_write_fails_its_own_message_only(store, fleet, queue, reading) -> None:
    fleet.failing.add(NOISY)

    failures = store(by_key(reading(NOISY), reading(QUIET)))

    assert failures.keys() == {"0"}
    queue.send.assert_called_once_with([StoredReading(device=QUIET, tenant="quiet")])


def test_reading_names_orders_that_it_starts_and_ends(store, queue, reading) -> None:
    store(by_key(reading(NOISY, 1, order=ORDER, values={"droneState": "WAYPOINT"})))
    store(by_key(reading(NOISY, 2, order=ORDER, values={"droneState": "WAYPOINT"})))
    store(by_key(reading(NOISY, 3, order="not-an-order")))

    orders = [each.args[0][0].orders for each in queue.send.call_args_list]
    assert orders == [(ORDER,), (), (ORDER,)]


def test_reading_of_the_leased_mission_brings_a_point(store, fleet, queue, reading) -> None:
    job_id = parse_job_id(ORDER)
    fleet.lease(NOISY, JobRef(tenant="noisy", kind="missions", id=job_id), until=NOON + 1000)
    values = {"navigation": {"position": {"coordinates": [9.97, 53.54, 40.5]}}}

    store(by_key(reading(NOISY, 1, order=ORDER, values=values)))
    store(by_key(reading(NOISY, 2, order=ORDER, values=values)))

    points = [each.args[0][0].point for each in queue.send.call_args_list]
    assert points == [TrackPoint(job=job_id, at=NOON, lon=9.97, lat=53.54, alt=40.5), None]


def test_reading_of_free_device_says_that_it_was_free(store, queue, clock, reading) -> None:
    for sequence, pause in ((1, 1000), (2, 60_000), (3, 0)):
        store(by_key(reading(NOISY, sequence)))
        clock.advance(pause)

    assert [each.args[0][0].was_free for each in queue.send.call_args_list] == [False, True, False]


def test_unknown_device_and_older_reading_queue_nothing(store, queue, reading) -> None:
    store(by_key(reading(NOISY, 2)))
    queue.reset_mock()

    store(by_key(reading(NOISY, 1), reading("stray")))

    assert [each.args[0] for each in queue.send.call_args_list] == [[]]


def test_rates_forget_devices_when_there_are_too_many(clock, monkeypatch) -> None:
    monkeypatch.setattr("jobs.missions.reading_rates._MAX_DEVICES", 2)
    rates = ReadingRates(clock)

    assert all(rates.take(f"{n}") for n in range(5))
