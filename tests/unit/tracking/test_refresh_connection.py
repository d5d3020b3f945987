"""Refreshes of connections: API Gateway would close a silent one."""

import pytest

from jobs.kit.errors import UnavailableError
from tests.support import HOUR, NOON
from tests.unit.tracking.world import HARBOUR, WatchWorld


@pytest.fixture
def world(a_mission, clock) -> WatchWorld:
    return WatchWorld(a_mission(), clock)


def test_refresh_sends_current_state_and_schedules_the_next(world) -> None:
    watcher = world.connect("quiet")
    world.queue()
    world.clock.advance(540_000)

    world.refresh(watcher)

    assert world.sockets.posted["quiet"] == [
        {"jobState": "QUEUED", "timestamp": "2026-01-01T12:09:00.000Z"}
    ]
    assert world.refreshes.scheduled == [watcher]


def test_refresh_of_group_sends_one_message(world) -> None:
    watcher = world.connect("quiet", to=HARBOUR)

    world.refresh(watcher)

    assert world.received("quiet", "deviceId") == ["dock-1"]


def test_refresh_of_share_sends_only_shared_fields(world) -> None:
    share = world.share(of=HARBOUR, devices=("dock-1",))
    watcher = world.connect("quiet", to=HARBOUR, share=share.id)

    world.refresh(watcher)

    assert world.received("quiet", "deviceId") == [None]
    assert world.received("quiet", "deviceNumber") == [1]


def test_change_during_refresh_is_the_last_message(world, monkeypatch) -> None:
    watcher = world.connect("quiet")
    post = world.sockets.post

    def post_late(connection_id, message) -> None:
        if not world.received("quiet"):
            world.queue()
        post(connection_id, message)

    monkeypatch.setattr(world.sockets, "post", post_late)

    world.refresh(watcher)

    assert world.received("quiet") == ["PENDING", "QUEUED"]


def test_refresh_of_closed_connection_is_the_last(world) -> None:
    watcher = world.connect("left")
    world.connections.remove(watcher)

    world.refresh(watcher)

    assert (world.received("left"), world.refreshes.scheduled) == ([], [])


def test_connection_without_disconnect_is_removed(world) -> None:
    watcher = world.connect("lost")
    world.sockets.opened.clear()

    world.refresh(watcher)

    assert world.connections.find_watchers(watcher.resource).connections == ()
    assert world.refreshes.scheduled == []


def test_refresh_closes_expired_connection(world) -> None:
    watcher = world.connect("expired", until=NOON + HOUR)
    world.clock.now = NOON + HOUR

    world.refresh(watcher)

    assert (world.received("expired"), world.sockets.opened) == ([], set())
    assert world.refreshes.scheduled == []
    assert world.connections.find_watchers(watcher.resource).connections == ()


def test_refresh_after_end_of_job_sends_it_and_closes(world) -> None:
    watcher = world.connect("late")
    world.change(world.job.cancel(now=world.clock()))

    world.refresh(watcher)

    assert (world.received("late"), world.sockets.opened) == (["CANCELLED"], set())
    assert world.refreshes.scheduled == []


def test_refresh_after_deletion_of_job_closes(world) -> None:
    watcher = world.connect("late")
    world.repository.delete(world.job)

    world.refresh(watcher)

    assert (world.received("late"), world.sockets.opened) == ([], set())


def test_failed_refresh_schedules_none_and_can_be_repeated(world) -> None:
    watcher = world.connect("quiet")
    world.sockets.failing.add("quiet")
    with pytest.raises(UnavailableError):
        world.refresh(watcher)
    assert world.refreshes.scheduled == []
    world.sockets.failing.clear()

    world.refresh(watcher)

    assert world.received("quiet") == ["PENDING"]
    assert world.refreshes.scheduled == [watcher]
