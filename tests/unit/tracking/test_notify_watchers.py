"""Notification of watchers about changes and readings."""

from concurrent.futures import Future
from itertools import count
from threading import Event
from typing import Any
from unittest.mock import Mock

import pytest

from jobs.kit.errors import RefusedError, UnavailableError
from jobs.tracking import broadcast
from jobs.tracking.limits import MAX_SHARES_OF_RESOURCE, MAX_WATCHERS_OF_RESOURCE
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import ShareType
from tests.fakes import memory_watch
from tests.support import HOUR
from tests.unit.tracking.world import HARBOUR, WatchWorld


@pytest.fixture
def world(a_mission, clock) -> WatchWorld:
    return WatchWorld(a_mission(), clock)


# ── Changes of a job ────────────────────────────────────────────────────────────


def test_change_is_sent_to_all_watchers_of_job(world) -> None:
    share = world.share(type=ShareType.DEVICE_STATUS)
    world.connect("mine")
    world.connect("theirs", share=share.id)
    world.connect("another's", to=HARBOUR)

    world.notify_change(world.queue())

    message = {"jobState": "QUEUED", "timestamp": "2026-01-01T12:00:00.000Z"}
    assert world.sockets.posted == {"mine": [message], "theirs": [message]}
    assert world.topics.published == {
        f"{world.job.id}/JOB/STATUS": [message],
        f"{share.code}/SHARE/STATUS": [message],
    }


def test_change_contains_last_reading_of_device(world) -> None:
    world.connect("mine")
    world.fly()
    world.report()

    world.notify_change(world.job)

    [message] = world.sockets.posted["mine"]
    assert message["jobState"] == "INPROGRESS"
    assert (message["deviceId"], message["droneState"]) == ("dock-1", "WAYPOINT")


def test_change_notified_twice_is_sent_once(world) -> None:
    world.connect("mine")
    queued = world.queue()

    for _ in range(2):
        world.notify_change(queued)

    assert world.received("mine") == ["QUEUED"]


def test_older_change_after_newer_is_not_sent(world) -> None:
    world.connect("mine")
    queued = world.queue()
    cancelled = world.change(queued.cancel(now=world.clock()))

    for job in (cancelled, queued):
        world.notify_change(job)

    assert world.received("mine") == ["CANCELLED"]


def test_end_is_sent_and_closes_sockets(world) -> None:
    world.connect("mine")
    world.fly()

    world.notify_change(world.end())

    assert world.received("mine") == ["COMPLETED"]
    assert world.sockets.opened == set()


def test_end_notified_again_closes_open_sockets(world) -> None:
    world.fly()
    world.connect("mine", sequence=world.job.sequence + 1)

    world.notify_change(world.end())

    assert world.received("mine") == []
    assert world.sockets.opened == set()


def test_closed_socket_is_removed_with_its_viewer(world) -> None:
    share = world.share(max_viewers=1)
    gone = world.connect("gone", share=share.id)
    world.sockets.opened.clear()

    world.notify_change(world.queue())

    assert world.connections.find_watchers(gone.resource).connections == ()
    world.connect("next", share=share.id)


def test_connection_without_initial_state_gets_no_change(world) -> None:
    new = world.connect("new", sequence=0)
    world.sockets.opened.clear()

    world.notify_change(world.queue())

    assert world.connections.find_watchers(new.resource).connections == (new,)


def test_expired_connection_is_closed_without_message(world) -> None:
    world.connect("mine", until=world.clock())

    world.notify_change(world.queue())

    assert (world.received("mine"), world.sockets.opened) == ([], set())


def test_topic_of_expired_share_gets_nothing(world) -> None:
    share = world.share()
    world.clock.advance(HOUR)

    world.notify_change(world.job.time_out())

    assert f"{share.code}/SHARE/STATUS" not in world.topics.published


def test_change_costs_a_bounded_number_of_calls(world, monkeypatch) -> None:
    for limit in ("SHARES_OF_RESOURCE", "SHARES_OF_TENANT", "WATCHERS_OF_RESOURCE"):
        monkeypatch.setattr(memory_watch, f"MAX_{limit}", 1000)  # as before there were limits
    for n in range(800):
        world.share()
        world.connect(f"{n}")

    world.notify_change(world.queue())

    assert len(world.topics.published) == 1 + MAX_SHARES_OF_RESOURCE
    assert len(world.sockets.posted) == MAX_WATCHERS_OF_RESOURCE


def test_slow_watchers_hold_the_worker_for_a_limited_time(world, monkeypatch) -> None:
    in_time, cancelled = Event(), count(1)
    post, cancel = type(world.sockets).post, Future.cancel
    for n in range(MAX_WATCHERS_OF_RESOURCE):
        world.connect(f"{n}")

    def post_late(*message: Any) -> None:
        in_time.wait()
        post(*message)

    def cancel_then_go_on(send: Future[None]) -> bool:
        is_cancelled = cancel(send)
        if next(cancelled) == 1 + MAX_WATCHERS_OF_RESOURCE:
            in_time.set()
        return is_cancelled

    with monkeypatch.context() as slow:
        slow.setattr(broadcast, "MAX_TIME_S", 0)
        slow.setattr(type(world.sockets), "post", post_late)
        slow.setattr(Future, "cancel", cancel_then_go_on)
        with pytest.raises(UnavailableError, match="could not be notified in time"):
            world.notify_change(world.queue())
    assert len(world.sockets.posted) <= 10

    world.notify_change(world.job)

    assert len(world.sockets.posted) == MAX_WATCHERS_OF_RESOURCE
    assert all(len(each) == 1 for each in world.sockets.posted.values())


def test_change_is_published_once_unless_a_topic_is_unavailable(world, monkeypatch) -> None:
    topic = f"{world.job.id}/JOB/STATUS"
    queued = world.queue()
    with monkeypatch.context() as broken:
        broken.setattr(world.topics, "publish", Mock(side_effect=UnavailableError))
        with pytest.raises(UnavailableError):
            world.notify_change(queued)

    for _ in range(2):
        world.notify_change(queued)

    assert [each["jobState"] for each in world.topics.published[topic]] == ["QUEUED"]


def test_older_change_after_newer_is_not_published(world) -> None:
    queued = world.queue()
    cancelled = world.change(queued.cancel(now=world.clock()))

    for job in (cancelled, queued):
        world.notify_change(job)

    [message] = world.topics.published[f"{world.job.id}/JOB/STATUS"]
    assert message["jobState"] == "CANCELLED"


def test_overtaken_change_is_followed_by_the_latest_one(world, monkeypatch) -> None:
    """Another worker publishes the next change while the message of this one is on its way."""
    world.connect("mine")
    queued, publish = world.queue(), world.topics.publish
    topic = f"{world.job.id}/JOB/STATUS"

    def publish_late(name: str, message: Any) -> None:
        monkeypatch.setattr(world.topics, "publish", publish)
        world.notify_change(world.change(queued.cancel(now=world.clock())))
        publish(name, message)

    monkeypatch.setattr(world.topics, "publish", publish_late)

    world.notify_change(queued)

    published = [each["jobState"] for each in world.topics.published[topic]]
    assert published == ["CANCELLED", "QUEUED", "CANCELLED"]
    assert world.received("mine")[-1] == "CANCELLED"


def test_change_of_deleted_job_is_sent(world) -> None:
    ended = world.change(world.job.cancel(now=world.clock()))
    world.repository.delete(ended)

    world.notify_change(ended)

    assert f"{ended.id}/JOB/STATUS" in world.topics.published


def test_unavailable_topic_does_not_block_other_watchers(world, monkeypatch) -> None:
    unavailable, reachable = world.share(), world.share()
    world.connect("mine")
    publish, down = world.topics.publish, f"{world.job.id}/JOB/STATUS"

    def fail(_: object, topic: str, message: object) -> None:
        if topic in {down, unavailable.topic}:
            raise UnavailableError(topic)
        publish(topic, message)

    monkeypatch.setattr(type(world.topics), "publish", fail)

    with pytest.raises(UnavailableError):
        world.notify_change(world.queue())

    assert world.topics.published.keys() == {reachable.topic}
    assert world.received("mine") == ["QUEUED"]


def test_unavailable_socket_does_not_block_others_and_is_retried(world) -> None:
    for name in ("a", "b", "c"):
        world.connect(name)
    world.sockets.failing.add("b")
    queued = world.queue()

    with pytest.raises(UnavailableError):
        world.notify_change(queued)
    world.sockets.failing.clear()
    world.notify_change(queued)

    assert [world.received(name) for name in ("a", "b", "c")] == [["QUEUED"]] * 3


# ── Readings ────────────────────────────────────────────────────────────────────


def test_reading_is_sent_to_watchers_of_group(world) -> None:
    share = world.share(of=HARBOUR, devices=("dock-2", "dock-1"))
    world.connect("mine", to=HARBOUR)
    world.connect("theirs", to=HARBOUR, share=share.id)

    world.notify.notify_reading(world.report())

    expected = {
        "deviceId": "dock-1",
        "droneState": "WAYPOINT",
        "navigation": {"at": 1},
        "weather": {},
        "timestamp": "2026-01-01T12:00:01.000Z",
    }
    shared = {name: value for name, value in expected.items() if name != "deviceId"}
    shared["deviceNumber"] = 2
    assert world.sockets.posted == {"mine": [expected], "theirs": [shared]}
    assert world.topics.published == {
        "harbour/DEVICE/STATUS": [expected],
        f"{share.code}/SHARE/STATUS": [shared],
    }


def test_reading_in_flight_is_sent_to_watchers_of_job(world) -> None:
    world.connect("mine")
    world.fly()

    world.notify.notify_reading(world.report())

    [message] = world.sockets.posted["mine"]
    assert (message["jobState"], message["navigation"]) == ("INPROGRESS", {"at": 1})
    assert "weather" not in message
    assert world.topics.published[f"{world.job.id}/JOB/STATUS"] == [message]


def test_reading_after_end_of_job_is_not_sent_to_job(world) -> None:
    world.connect("mine")
    world.fly()
    state = world.report()
    world.end()

    world.notify.notify_reading(state)

    assert world.received("mine") == []


def test_reading_is_not_published_after_the_end_of_its_job(world, monkeypatch) -> None:
    """The job ends after a worker has read its status for a reading."""
    world.fly()
    state, running = world.report(), world.job.status
    world.notify_change(world.end())
    monkeypatch.setattr(type(world.repository), "status_of", lambda *_: running)

    world.notify.notify_reading(state)

    published = world.topics.published[f"{world.job.id}/JOB/STATUS"]
    assert [each["jobState"] for each in published] == ["COMPLETED"]


def test_reading_with_unleased_order_is_not_sent_to_job(world) -> None:
    world.connect("mine")
    world.fly("dock-1")

    world.notify.notify_reading(world.report("dock-2", order=f"{world.job.id}-1"))

    assert world.received("mine") == []


def test_reading_of_unknown_device_is_not_sent(world) -> None:
    world.notify.notify_reading(world.report("stray"))

    assert world.topics.published == {}


@pytest.mark.parametrize("failure", [UnavailableError, RefusedError])
def test_reading_that_cannot_be_sent_is_dropped(world, failure, monkeypatch) -> None:
    world.connect("mine", to=HARBOUR)
    with monkeypatch.context() as broken:
        broken.setattr(world.sockets, "post", Mock(side_effect=failure))
        world.notify.notify_reading(world.report())

    world.notify.notify_reading(world.report(sequence=2))

    assert [message["navigation"]["at"] for message in world.sockets.posted["mine"]] == [2]


def test_change_is_not_sent_to_other_organisation(world) -> None:
    world.connect("theirs", to=Resource(tenant="rival", kind=ResourceKind.GROUP, id="harbour"))

    world.notify.notify_reading(world.report())

    assert world.sockets.posted == {}
