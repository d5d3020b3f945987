"""Which readings become points of a mission's track, and how long they are kept."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from jobs.core.job import JobRef
from jobs.kit.errors import UnavailableError
from jobs.missions.device import DeviceState, Lease, Reading, TrackPoint
from jobs.missions.keep_track import MAX_POINTS, STEP_MS, KeepTrack, pick_point
from tests.fakes.memory_fleet import InMemoryTracks
from tests.support import HOUR, NOON

JOB = "019b7963-4a00-7000-8000-000000000001"
POINT = TrackPoint(job=JOB, at=NOON, lon=9.97, lat=53.54, alt=40.5)


@pytest.fixture
def state() -> Callable[..., DeviceState]:
    """Return the state of a device that flies its leased mission."""

    def make(at: int = NOON, order: str | None = f"{JOB}-1", place=(9.97, 53.54, 40.5)):
        values = {"navigation": {"position": {"coordinates": [*place]}}} if place else {}
        reading = Reading(
            device="dock-1", sequence=at, online=True, order=order, timestamp="", values=values
        )
        lease = Lease(job=JobRef(tenant="acme", kind="missions", id=JOB), fence=1, until=NOON)
        return DeviceState(device="dock-1", seen_at=at, reading=reading, lease=lease)

    return make


def test_first_reading_of_an_order_is_a_point(state) -> None:
    assert pick_point(state(NOON - 1, order=None), state()) == POINT
    assert pick_point(DeviceState(device="dock-1"), state()) == POINT


@pytest.mark.parametrize(("at", "picked"), [(STEP_MS - 1, False), (STEP_MS, True)])
def test_track_has_one_point_of_five_seconds(state, at, picked) -> None:
    point = pick_point(state(NOON), state(NOON + at))

    assert point == (replace(POINT, at=NOON + at) if picked else None)


def test_position_without_altitude_is_a_point_at_zero(state) -> None:
    assert pick_point(state(0), state(place=(9.97, 53.54))) == replace(POINT, alt=0)


@pytest.mark.parametrize("about", [
    {"order": None}, {"order": "019b7963-4a00-7000-8000-000000000002-1"}, {"place": None},
], ids=["no order", "order of another mission", "no position"])  # fmt: skip
def test_reading_outside_of_the_leased_mission_is_no_point(state, about) -> None:
    assert pick_point(state(0), state(**about)) is None


def test_reading_without_a_lease_is_no_point(state) -> None:
    assert pick_point(state(0), replace(state(), lease=None)) is None


def test_point_is_kept_longer_than_its_mission() -> None:
    tracks = InMemoryTracks()

    KeepTrack(tracks=tracks, retention=24 * HOUR, max_flight=HOUR)(POINT)

    assert tracks.kept == {(JOB, NOON): (POINT, NOON + 25 * HOUR)}
    assert MAX_POINTS * STEP_MS == HOUR


def test_point_that_cannot_be_kept_is_lost_in_silence() -> None:
    class Throttled(InMemoryTracks):
        def add(self, point: TrackPoint, *, until: int) -> None:
            raise UnavailableError("ThrottlingException")

    KeepTrack(tracks=Throttled(), retention=0, max_flight=0)(POINT)
