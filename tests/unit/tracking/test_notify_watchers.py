"""Who hears what, and how often."""

import pytest

from jobs.kit.errors import UnavailableError
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import ShareType
from tests.support import HOUR
from tests.unit.tracking.world import HARBOUR, WatchWorld


@pytest.fixture
def world(a_mission, clock) -> WatchWorld:
    return WatchWorld(a_mission(), clock)


# ── Changes of a job ────────────────────────────────────────────────────────────


def test_a_change_reaches_everybody_who_watches_the_job(world) -> None:
    share = world.share(type=ShareType.DEVICE_STATUS)
    world.connect("mine")
    world.connect("theirs", share=share.id, shows=share.type)
    world.connect("another's", to=HARBOUR)

    world.notify.notify_change(world.queue())

    message = {"jobState": "QUEUED", "timestamp": "2026-01-01T12:00:00.000Z"}
    assert world.sockets.posted == {"mine": [message], "theirs": [message]}
    assert world.topics.published == {
        f"{world.job.id}/JOB/STATUS": [message],
        f"{share.code}/SHARE/STATUS": [message],
    }


def test_a_change_comes_with_what_the_device_last_said(world) -> None:
    world.connect("mine")
    world.fly()
    world.report()

    world.notify.notify_change(world.job)

    [message] = world.sockets.posted["mine"]
    assert message["jobState"] == "INPROGRESS"
    assert (message["deviceId"], message["droneState"]) == ("dock-1", "WAYPOINT")


def test_a_change_that_is_told_again_is_heard_once(world) -> None:
    world.connect("mine")
    queued = world.queue()

    for _ in range(2):
        world.notify.notify_change(queued)

    assert world.heard("mine") == ["QUEUED"]


def test_an_older_change_is_not_heard_after_a_newer_one(world) -> None:
    world.connect("mine")
    queued = world.queue()
    cancelled = world.change(queued.cancel(now=world.clock()))

    for job in (cancelled, queued):
        world.notify.notify_change(job)

    assert world.heard("mine") == ["CANCELLED"]


def test_the_end_is_heard_and_then_nothing_more(world) -> None:
    world.connect("mine")
    world.fly()

    world.notify.notify_change(world.end())

    assert world.heard("mine") == ["COMPLETED"]
    assert world.sockets.opened == set()


def test_sockets_that_have_heard_the_end_are_closed_when_it_is_told_again(world) -> None:
    world.fly()
    world.connect("mine", sequence=world.job.sequence + 1)

    world.notify.notify_change(world.end())

    assert world.heard("mine") == []
    assert world.sockets.opened == set()


def test_who_is_gone_is_taken_off_the_record_and_off_its_share(world) -> None:
    share = world.share(max_viewers=1)
    gone = world.connect("gone", share=share.id, shows=share.type)
    world.sockets.opened.clear()

    world.notify.notify_change(world.queue())

    assert world.connections.find_watchers(gone.resource).connections == ()
    world.connect("next", share=share.id)


def test_one_that_has_not_been_greeted_is_left_to_its_greeting(world) -> None:
    new = world.connect("new", sequence=0)
    world.sockets.opened.clear()

    world.notify.notify_change(world.queue())

    assert world.connections.find_watchers(new.resource).connections == (new,)


def test_one_whose_time_is_over_is_closed_without_a_word(world) -> None:
    world.connect("mine", until=world.clock())

    world.notify.notify_change(world.queue())

    assert (world.heard("mine"), world.sockets.opened) == ([], set())


def test_an_expired_shares_topic_is_silent(world) -> None:
    share = world.share()
    world.clock.advance(HOUR)

    world.notify.notify_change(world.job.time_out())

    assert f"{share.code}/SHARE/STATUS" not in world.topics.published


def test_one_that_is_out_of_reach_keeps_nobody_else_from_hearing_and_is_told_again(world) -> None:
    for name in ("a", "b", "c"):
        world.connect(name)
    world.sockets.failing.add("b")
    queued = world.queue()

    with pytest.raises(UnavailableError):
        world.notify.notify_change(queued)
    world.sockets.failing.clear()
    world.notify.notify_change(queued)

    assert [world.heard(name) for name in ("a", "b", "c")] == [["QUEUED"]] * 3


# ── Readings ────────────────────────────────────────────────────────────────────


def test_a_reading_reaches_whoever_watches_the_group(world) -> None:
    share = world.share(of=HARBOUR)
    world.connect("mine", to=HARBOUR)
    world.connect("theirs", to=HARBOUR, share=share.id, shows=share.type)

    world.notify.notify_readings([world.report()])

    whole = {
        "deviceId": "dock-1",
        "droneState": "WAYPOINT",
        "navigation": {"at": 1},
        "weather": {},
        "timestamp": "2026-01-01T12:00:01.000Z",
    }
    shared = {name: value for name, value in whole.items() if name != "deviceId"}
    assert world.sockets.posted == {"mine": [whole], "theirs": [shared]}
    assert world.topics.published == {
        "harbour/DEVICE/STATUS": [whole],
        f"{share.code}/SHARE/STATUS": [shared],
    }


def test_a_reading_in_flight_reaches_whoever_watches_the_job_too(world) -> None:
    world.connect("mine")
    world.fly()

    world.notify.notify_readings([world.report()])

    [message] = world.sockets.posted["mine"]
    assert (message["jobState"], message["navigation"]) == ("INPROGRESS", {"at": 1})
    assert "weather" not in message
    assert world.topics.published[f"{world.job.id}/JOB/STATUS"] == [message]


def test_of_several_readings_of_one_device_the_last_is_told(world) -> None:
    world.connect("mine", to=HARBOUR)

    world.notify.notify_readings([
        world.report(sequence=1), world.report("dock-2"), world.report(sequence=2),
    ])  # fmt: skip

    assert [(m["deviceId"], m["navigation"]["at"]) for m in world.sockets.posted["mine"]] == [
        ("dock-1", 2), ("dock-2", 1),
    ]  # fmt: skip


def test_of_a_job_that_is_over_its_device_tells_nothing_more(world) -> None:
    world.connect("mine")
    world.fly()
    state = world.report()
    world.end()

    world.notify.notify_readings([state])

    assert world.heard("mine") == []


def test_a_device_speaks_for_no_job_but_the_one_it_was_given(world) -> None:
    world.connect("mine")
    world.fly("dock-1")

    world.notify.notify_readings([world.report("dock-2", order=f"{world.job.id}-1")])

    assert world.heard("mine") == []


def test_a_device_that_nobody_knows_is_not_told_of(world) -> None:
    world.notify.notify_readings([world.report("stray")])

    assert world.topics.published == {}


def test_what_is_out_of_reach_now_is_made_up_for_by_the_next_reading(world) -> None:
    world.connect("mine", to=HARBOUR)
    world.sockets.failing.add("mine")
    world.notify.notify_readings([world.report()])
    world.sockets.failing.clear()

    world.notify.notify_readings([world.report(sequence=2)])

    assert [message["navigation"]["at"] for message in world.sockets.posted["mine"]] == [2]


def test_another_organisations_resource_of_the_same_id_is_another(world) -> None:
    world.connect("theirs", to=Resource(tenant="rival", kind=ResourceKind.GROUP, id="harbour"))

    world.notify.notify_readings([world.report()])

    assert world.sockets.posted == {}
