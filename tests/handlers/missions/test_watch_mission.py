"""The worker that checks missions: each check queues the next."""

import json
from types import SimpleNamespace

import pytest

from jobs.kit.errors import UnavailableError
from jobs.missions.wiring import wiring as missions
from tests.support import NOON

DONE = {"batchItemFailures": []}


class Watch:
    """The use case: returns the time of the next check."""

    def __init__(self) -> None:
        self.again: int | None = NOON + 60_000
        self.checked: list[tuple[str, int]] = []
        self.fault: Exception | None = None

    def __call__(self, ref, *, moves):
        if self.fault:
            raise self.fault
        self.checked.append((ref.id, moves))
        return self.again


@pytest.fixture
def watch(rewire) -> Watch:
    made = Watch()
    rewire(missions, watch_mission=made)
    return made


@pytest.fixture
def check(event):
    """Return the event of a mission's check."""

    def make(**changes):
        [record] = event("workers/watch_mission")["Records"]
        body = json.dumps(json.loads(record["body"]) | changes)
        return SimpleNamespace(id=record["messageId"], event={"Records": [record | {"body": body}]})

    return make


@pytest.mark.parametrize("moves", [0, 2])
def test_check_queues_the_next_of_the_same_timer(invoke, watch, world, check, moves) -> None:
    given = check(**({"moves": moves} if moves else {}))

    assert invoke("workers/watch_mission", given.event) == DONE

    [(job, checked)] = watch.checked
    assert checked == moves
    assert world.queues.sent == [json.loads(given.event["Records"][0]["body"])]
    assert world.queues.sent[0]["jobId"] == job
    assert (world.queues.delays, world.queues.groups) == ([60], ["demo"])


@pytest.mark.parametrize(("again", "delay"), [
    (NOON - 1, 0), (NOON + 1, 1), (NOON + 60_001, 61), (NOON + 3_600_000, 180),
])  # fmt: skip
def test_next_check_is_not_early_unless_it_is_far_away(invoke, watch, world, again, delay) -> None:
    watch.again = again

    invoke("workers/watch_mission")

    assert world.queues.delays == [delay]


def test_check_of_ended_or_moved_mission_is_the_last(invoke, watch, world) -> None:
    watch.again = None

    assert invoke("workers/watch_mission") == DONE

    assert world.queues.sent == []


def test_check_that_comes_twice_queues_one_each(invoke, watch, world) -> None:
    """So the checks of a mission do not multiply."""
    for _ in range(2):
        invoke("workers/watch_mission")

    assert len(world.queues.sent) == 2


def test_check_that_fails_is_delivered_again_and_queues_none(invoke, watch, world, check) -> None:
    watch.fault = UnavailableError("ThrottlingException")
    given = check()

    answer = invoke("workers/watch_mission", given.event)

    assert answer == {"batchItemFailures": [{"itemIdentifier": given.id}]}
    assert world.queues.sent == []


def test_execution_of_previous_version_gets_the_next_time(invoke, watch, world, check) -> None:
    job = json.loads(check(moves=1).event["Records"][0]["body"])

    first = invoke("workers/watch_mission", job)
    watch.again = None
    last = invoke("workers/watch_mission", job)

    assert first == {"ended": False, "again": "2026-01-01T12:01:00Z"}
    assert last == {"ended": True}
    assert watch.checked[0][1] == 1
    assert world.queues.sent == []
