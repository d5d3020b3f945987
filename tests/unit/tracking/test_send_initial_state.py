"""The initial state of new connections, and changes while it is sent."""

from unittest.mock import Mock

import pytest

from jobs.kit.errors import UnavailableError
from tests.unit.tracking.world import HARBOUR, WatchWorld


@pytest.fixture
def world(a_mission, clock) -> WatchWorld:
    return WatchWorld(a_mission(), clock)


@pytest.fixture
def new(world):
    """A connection without its initial state; open, unless removed from the sockets."""
    return world.connect("new", sequence=0)


def test_job_connection_gets_status_of_job(world, new) -> None:
    world.send_initial_state(new)

    assert world.sockets.posted["new"] == [
        {"jobState": "PENDING", "timestamp": "2026-01-01T12:00:00.000Z"}
    ]
    assert world.connections.get(new).sequence == 1


def test_group_connection_gets_state_of_each_device(world) -> None:
    new = world.connect("new", to=HARBOUR, sequence=0)
    world.report("dock-2")

    world.send_initial_state(new)

    assert world.received("new", "deviceId") == ["dock-1", "dock-2"]
    assert world.received("new", "droneState") == [None, "WAYPOINT"]
    assert world.connections.get(new).sequence == 1


def test_share_connection_gets_only_shared_fields(world) -> None:
    share = world.share(of=HARBOUR, devices=("dock-1", "dock-2"))
    new = world.connect("new", to=HARBOUR, sequence=0, share=share.id)

    world.send_initial_state(new)

    assert world.received("new", "deviceId") == [None, None]
    assert world.received("new", "deviceNumber") == [1, 2]


def test_initial_state_repeated_is_sent_once(world, new) -> None:
    for _ in range(2):
        world.send_initial_state(new)

    assert world.received("new") == ["PENDING"]


def test_initial_state_after_newer_change_is_not_sent(world, new) -> None:
    world.send_initial_state(new)
    world.notify_change(world.queue())

    world.send_initial_state(new)

    assert world.received("new") == ["PENDING", "QUEUED"]


def test_socket_that_opens_late_gets_state_after_retries(world, new) -> None:
    world.sockets.opened.clear()
    world.meanwhile = lambda: len(world.sleeps) == 2 and world.sockets.open("new")

    world.send_initial_state(new)

    assert world.received("new") == ["PENDING"]
    assert len(world.sleeps) == 2


def test_socket_that_never_opens_is_removed(world, new) -> None:
    world.sockets.opened.clear()

    world.send_initial_state(new)

    assert world.connections.find_watchers(new.resource).connections == ()


def test_change_during_initial_state_is_sent_next(world, new) -> None:
    world.sockets.opened.clear()

    def change() -> None:
        world.notify_change(world.queue())
        world.sockets.open("new")

    world.meanwhile = change

    world.send_initial_state(new)

    assert world.received("new") == ["PENDING", "QUEUED"]


def test_ended_job_is_sent_and_closes_socket(world, new) -> None:
    world.change(world.job.cancel(now=world.clock()))

    world.send_initial_state(new)

    assert world.received("new") == ["CANCELLED"]
    assert world.sockets.opened == set()


def test_job_ending_during_initial_state_closes_socket(world, new) -> None:
    world.sockets.opened.clear()

    def end() -> None:
        world.notify_change(world.change(world.job.cancel(now=world.clock())))
        world.sockets.open("new")

    world.meanwhile = end

    world.send_initial_state(new)

    assert world.received("new") == ["PENDING", "CANCELLED"]
    assert world.sockets.opened == set()


def test_failed_close_is_repeated_with_initial_state(world, new, monkeypatch) -> None:
    world.change(world.job.cancel(now=world.clock()))
    with monkeypatch.context() as out_of_reach:
        out_of_reach.setattr(world.sockets, "close", Mock(side_effect=UnavailableError))
        with pytest.raises(UnavailableError):
            world.send_initial_state(new)

    world.send_initial_state(new)

    assert world.received("new") == ["CANCELLED"]
    assert world.sockets.opened == set()


def test_initial_state_leaves_close_to_worker_that_sends_end(world, new, monkeypatch) -> None:
    mark_sent = world.connections.mark_sent

    def mark_as_job_ends(connection, sequence) -> bool:
        granted = mark_sent(connection, sequence)
        monkeypatch.setattr(world.connections, "mark_sent", mark_sent)
        world.change(world.job.cancel(now=world.clock()))
        mark_sent(connection, world.job.sequence)
        return bool(granted)

    monkeypatch.setattr(world.connections, "mark_sent", mark_as_job_ends)

    world.send_initial_state(new)

    assert world.sockets.opened == {"new"}


def test_worker_leaves_close_to_initial_state_that_sends_end(world, monkeypatch) -> None:
    new = world.connect("new")
    monkeypatch.setattr(
        world.topics,
        "publish",
        lambda *_: world.connections.mark_sent(new, world.job.sequence),
    )

    world.notify_change(world.change(world.job.cancel(now=world.clock())))

    assert world.sockets.opened == {"new"}


def test_job_past_deadline_is_sent_as_failed(world, new) -> None:
    world.clock.now = world.job.deadline

    world.send_initial_state(new)

    assert world.received("new") == ["FAILED"]


def test_deleted_job_closes_socket(world, new) -> None:
    world.repository.delete(world.job)

    world.send_initial_state(new)

    assert (world.received("new"), world.sockets.opened) == ([], set())


def test_share_revoked_before_socket_opens_closes_it(world) -> None:
    share = world.share()
    new = world.connect("new", sequence=0, share=share.id)
    world.sockets.opened.clear()
    world.shares.remove(share.id, share.resource)
    world.drop_viewers(share)
    world.meanwhile = lambda: world.sockets.open("new")

    world.send_initial_state(new)

    assert (world.received("new"), world.sockets.opened) == ([], set())


def test_share_revoked_during_initial_state_closes_socket(world) -> None:
    share = world.share()
    new = world.connect("new", sequence=0, share=share.id)
    world.sockets.opened.clear()

    def revoke_as_it_opens() -> None:
        world.drop_viewers(share)
        world.sockets.open("new")

    world.meanwhile = revoke_as_it_opens

    world.send_initial_state(new)

    assert world.sockets.opened == set()


def test_connection_closed_at_once_is_removed(world, new) -> None:
    world.connections.remove(new)
    world.sockets.opened.clear()

    world.send_initial_state(new)

    assert world.connections.find_watchers(new.resource).connections == ()


def test_initial_state_after_failure_can_be_repeated(world, new) -> None:
    world.sockets.failing.add("new")
    with pytest.raises(UnavailableError):
        world.send_initial_state(new)
    world.sockets.failing.clear()

    world.send_initial_state(new)

    assert world.received("new") == ["PENDING"]


def test_drop_viewers_closes_only_connections_of_share(world) -> None:
    share, other = world.share(), world.share()
    world.connect("mine")
    world.connect("theirs", share=share.id)
    world.connect("another's", share=other.id)

    assert world.drop_viewers(share) == 1
    assert world.sockets.opened == {"mine", "another's"}


def test_drop_viewers_after_failure_can_be_repeated(world) -> None:
    share = world.share()
    world.connect("theirs", share=share.id)
    world.sockets.failing.add("theirs")
    with pytest.raises(UnavailableError):
        world.drop_viewers(share)
    world.sockets.failing.clear()

    world.drop_viewers(share)

    assert world.sockets.opened == set()
    assert world.connections.find_watchers(share.resource).connections == ()
