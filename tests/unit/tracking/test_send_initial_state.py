"""What a new connection hears first, and that it misses nothing."""

from unittest.mock import Mock

import pytest

from jobs.kit.errors import UnavailableError
from tests.unit.tracking.world import HARBOUR, WatchWorld


@pytest.fixture
def world(a_mission, clock) -> WatchWorld:
    return WatchWorld(a_mission(), clock)


@pytest.fixture
def new(world):
    """A connection that has not been greeted; open, unless its name is taken from the sockets."""
    return world.connect("new", sequence=0)


def test_a_jobs_watcher_hears_how_it_stands(world, new) -> None:
    world.greet(new)

    assert world.sockets.posted["new"] == [
        {"jobState": "PENDING", "timestamp": "2026-01-01T12:00:00.000Z"}
    ]
    assert world.connections.get(new).sequence == 1


def test_a_groups_watcher_hears_of_each_device(world) -> None:
    new = world.connect("new", to=HARBOUR, sequence=0)
    world.report("dock-2")

    world.greet(new)

    assert world.heard("new", "deviceId") == ["dock-1", "dock-2"]
    assert world.heard("new", "droneState") == [None, "WAYPOINT"]
    assert world.connections.get(new).sequence == 1


def test_a_viewer_hears_what_its_share_shows(world) -> None:
    share = world.share(of=HARBOUR)
    new = world.connect("new", to=HARBOUR, sequence=0, share=share.id, shows=share.type)

    world.greet(new)

    assert world.heard("new", "deviceId") == [None, None]


def test_a_greeting_is_heard_once(world, new) -> None:
    for _ in range(2):
        world.greet(new)

    assert world.heard("new") == ["PENDING"]


def test_a_greeting_that_comes_late_says_nothing_old(world, new) -> None:
    world.greet(new)
    world.notify.notify_change(world.queue())

    world.greet(new)

    assert world.heard("new") == ["PENDING", "QUEUED"]


def test_a_socket_that_opens_late_is_waited_for(world, new) -> None:
    world.sockets.opened.clear()
    world.meanwhile = lambda: len(world.sleeps) == 2 and world.sockets.open("new")

    world.greet(new)

    assert world.heard("new") == ["PENDING"]
    assert len(world.sleeps) == 2


def test_a_socket_that_never_opens_is_taken_off_the_record(world, new) -> None:
    world.sockets.opened.clear()

    world.greet(new)

    assert world.connections.find_watchers(new.resource).connections == ()


def test_what_changes_while_it_is_greeted_is_heard_next(world, new) -> None:
    world.sockets.opened.clear()

    def change() -> None:
        world.notify.notify_change(world.queue())
        world.sockets.open("new")

    world.meanwhile = change

    world.greet(new)

    assert world.heard("new") == ["PENDING", "QUEUED"]


def test_a_job_that_is_over_is_shown_and_the_socket_closed(world, new) -> None:
    world.change(world.job.cancel(now=world.clock()))

    world.greet(new)

    assert world.heard("new") == ["CANCELLED"]
    assert world.sockets.opened == set()


def test_a_job_that_ends_while_it_is_greeted_closes_the_socket_too(world, new) -> None:
    world.sockets.opened.clear()

    def end() -> None:
        world.notify.notify_change(world.change(world.job.cancel(now=world.clock())))
        world.sockets.open("new")

    world.meanwhile = end

    world.greet(new)

    assert world.heard("new") == ["PENDING", "CANCELLED"]
    assert world.sockets.opened == set()


def test_a_socket_that_could_not_be_closed_is_closed_when_the_greeting_is_repeated(
    world, new, monkeypatch
) -> None:
    world.change(world.job.cancel(now=world.clock()))
    with monkeypatch.context() as out_of_reach:
        out_of_reach.setattr(world.sockets, "close", Mock(side_effect=UnavailableError))
        with pytest.raises(UnavailableError):
            world.greet(new)

    world.greet(new)

    assert world.heard("new") == ["CANCELLED"]
    assert world.sockets.opened == set()


def test_a_greeting_does_not_close_on_somebody_who_is_about_to_tell_the_end(
    world, new, monkeypatch
) -> None:
    mark_sent = world.connections.mark_sent

    def greeted_as_the_job_ends(connection, sequence) -> bool:
        granted = mark_sent(connection, sequence)
        monkeypatch.setattr(world.connections, "mark_sent", mark_sent)
        world.change(world.job.cancel(now=world.clock()))
        mark_sent(connection, world.job.sequence)
        return bool(granted)

    monkeypatch.setattr(world.connections, "mark_sent", greeted_as_the_job_ends)

    world.greet(new)

    assert world.sockets.opened == {"new"}


def test_nobody_closes_on_a_greeting_that_is_about_to_tell_the_end(world, monkeypatch) -> None:
    new = world.connect("new")
    monkeypatch.setattr(
        world.topics,
        "publish",
        lambda *_: world.connections.mark_sent(new, world.job.sequence),
    )

    world.notify.notify_change(world.change(world.job.cancel(now=world.clock())))

    assert world.sockets.opened == {"new"}


def test_a_job_past_its_deadline_is_shown_as_failed_whatever_is_stored(world, new) -> None:
    world.clock.now = world.job.deadline

    world.greet(new)

    assert world.heard("new") == ["FAILED"]


def test_a_job_that_was_deleted_meanwhile_closes_the_socket(world, new) -> None:
    world.repository.delete(world.job)

    world.greet(new)

    assert (world.heard("new"), world.sockets.opened) == ([], set())


def test_who_was_revoked_before_the_socket_opened_finds_it_closed(world) -> None:
    share = world.share()
    new = world.connect("new", sequence=0, share=share.id, shows=share.type)
    world.sockets.opened.clear()
    world.shares.remove(share.id, share.resource)
    world.drop_viewers(share)
    world.meanwhile = lambda: world.sockets.open("new")

    world.greet(new)

    assert (world.heard("new"), world.sockets.opened) == ([], set())


def test_who_was_revoked_while_it_was_greeted_is_out_too(world) -> None:
    share = world.share()
    new = world.connect("new", sequence=0, share=share.id, shows=share.type)
    world.sockets.opened.clear()

    def revoke_as_it_opens() -> None:
        world.drop_viewers(share)
        world.sockets.open("new")

    world.meanwhile = revoke_as_it_opens

    world.greet(new)

    assert world.sockets.opened == set()


def test_who_left_at_once_leaves_nothing_behind(world, new) -> None:
    world.connections.remove(new)
    world.sockets.opened.clear()

    world.greet(new)

    assert world.connections.find_watchers(new.resource).connections == ()


def test_a_greeting_that_fails_can_be_repeated(world, new) -> None:
    world.sockets.failing.add("new")
    with pytest.raises(UnavailableError):
        world.greet(new)
    world.sockets.failing.clear()

    world.greet(new)

    assert world.heard("new") == ["PENDING"]


def test_revoking_ends_a_shares_connections_and_no_others(world) -> None:
    share, other = world.share(), world.share()
    world.connect("mine")
    world.connect("theirs", share=share.id)
    world.connect("another's", share=other.id)

    assert world.drop_viewers(share) == 1
    assert world.sockets.opened == {"mine", "another's"}


def test_a_revocation_that_fails_half_way_can_be_repeated(world) -> None:
    share = world.share()
    world.connect("theirs", share=share.id)
    world.sockets.failing.add("theirs")
    with pytest.raises(UnavailableError):
        world.drop_viewers(share)
    world.sockets.failing.clear()

    world.drop_viewers(share)

    assert world.sockets.opened == set()
    assert world.connections.find_watchers(share.resource).connections == ()
