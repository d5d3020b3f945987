"""One contract for all tracks: where the drones of missions were."""

from dataclasses import replace
from uuid import uuid4

import pytest

from jobs.kit.errors import UnavailableError
from jobs.kit.sqlite.database import Database
from jobs.missions.adapters.tracks import DynamoTracks
from jobs.missions.device import TrackPoint
from jobs.missions.ports import Tracks
from tests.fakes.memory_fleet import InMemoryTracks
from tests.support import NOON


@pytest.fixture
def tracks(any_engine) -> Tracks:
    if isinstance(any_engine, Database):
        return InMemoryTracks()
    return DynamoTracks(any_engine.client, any_engine.missions)


@pytest.fixture
def point() -> TrackPoint:
    return TrackPoint(job=f"{uuid4()}", at=NOON, lon=-9.9712345, lat=53.54, alt=40.5)


def test_points_are_read_back_oldest_first(tracks, point) -> None:
    later, other = replace(point, at=NOON + 5000, alt=0), replace(point, job=f"{uuid4()}")
    for each in (later, point, other):
        tracks.add(each, until=NOON)

    assert tracks.of(point.job, limit=720) == [point, later]
    assert tracks.of(point.job, limit=1) == [point]


def test_repeated_point_is_kept_once(tracks, point) -> None:
    for _ in range(2):
        tracks.add(point, until=NOON)

    assert tracks.of(point.job, limit=720) == [point]


def test_mission_without_points_has_an_empty_track(tracks) -> None:
    assert tracks.of(f"{uuid4()}", limit=720) == []


def test_point_is_one_small_write_that_expires(engine, point) -> None:
    tracks = DynamoTracks(engine.client, engine.missions)

    with engine.calls() as made:
        tracks.add(point, until=NOON + 1)

    assert made == ["PutItem"]
    key = {"PK": {"S": f"TRACK#{point.job}"}, "SK": {"S": f"00{NOON}"}}
    item = engine.client.get_item(TableName=engine.missions, Key=key)["Item"]
    assert item["expires_at"] == {"N": f"{NOON // 1000 + 1}"}
    assert len(str(item)) < 1024  # a write unit


@pytest.mark.parametrize("act", [
    lambda tracks, point: tracks.add(point, until=NOON),
    lambda tracks, point: tracks.of(point.job, limit=1),
], ids=["add", "of"])  # fmt: skip
def test_throttled_table_of_tracks_raises_unavailable_error(engine, point, act) -> None:
    with (
        engine.failing("ProvisionedThroughputExceededException"),
        pytest.raises(UnavailableError),
    ):
        act(DynamoTracks(engine.client, engine.missions), point)
