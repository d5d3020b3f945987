"""Timers in SQLite: due once, at their time, whatever happens to the process."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.timers import SIGNAL, Timer, TimerTable
from tests.support import NOON

TIMER = Timer(name="job_timeout", key="1", at=NOON, body="{}")


@pytest.fixture
def database() -> Iterator[Database]:
    with closing(Database()) as database:
        yield database


@pytest.fixture
def timers(database) -> TimerTable:
    return TimerTable(database)


def test_timer_is_due_from_its_time_until_finished(timers) -> None:
    timers.start(TIMER)
    assert timers.due(NOON - 1, limit=10) == []

    assert timers.due(NOON, limit=10) == [TIMER]
    assert timers.due(NOON + 1, limit=10) == [TIMER]
    timers.finish(TIMER)

    assert timers.due(NOON + 1, limit=10) == []


def test_timer_starts_once_for_each_name_and_key(timers) -> None:
    other_key, other_name = replace(TIMER, key="2"), replace(TIMER, name="job_poll")
    for timer in (TIMER, replace(TIMER, at=NOON + 1), other_key, other_name):
        timers.start(timer)

    assert timers.due(NOON + 1, limit=10) == [TIMER, other_key, other_name]


def test_earliest_timers_come_first(timers) -> None:
    later = replace(TIMER, key="2", at=NOON + 1)
    timers.start(later)
    timers.start(TIMER)

    assert timers.next_at() == NOON
    assert timers.due(NOON + 1, limit=1) == [TIMER]


def test_moved_timer_is_due_later_and_not_finished(timers) -> None:
    timers.start(TIMER)
    timers.move(TIMER, NOON + 5)

    timers.finish(TIMER)

    assert timers.due(NOON + 5, limit=10) == [replace(TIMER, at=NOON + 5)]


def test_only_a_new_earliest_timer_wakes(timers, database) -> None:
    numbers = [database.signals.number(SIGNAL)]
    for n in (5, 7, 3):
        timers.start(replace(TIMER, key=str(n), at=NOON + n))
        numbers.append(database.signals.number(SIGNAL))
    timers.move(replace(TIMER, key="7"), NOON)

    assert [*numbers, database.signals.number(SIGNAL)] == [0, 1, 1, 2, 3]
