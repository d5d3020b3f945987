"""A clock that goes on when the machine's is set back."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.steady_clock import SteadyClock
from tests.support import HOUR, NOON, FrozenClock


@pytest.fixture
def database() -> Iterator[Database]:
    with closing(Database()) as database:
        yield database


class Machine:
    """A clock on the wall, which may be set, and the time that has really elapsed."""

    def __init__(self) -> None:
        self.wall = FrozenClock()
        self.elapsed_ms = 0

    def wait(self, millis: int) -> None:
        self.wall.advance(millis)
        self.elapsed_ms += millis

    def start(self, database: Database) -> SteadyClock:
        return SteadyClock(database, self.wall, lambda: self.elapsed_ms * 1_000_000)


def test_clock_follows_the_wall_forward(database) -> None:
    machine = Machine()
    clock = machine.start(database)

    machine.wait(5)
    assert clock() == NOON + 5
    machine.wall.advance(HOUR)
    assert clock() == NOON + HOUR + 5


def test_clock_goes_on_at_its_pace_when_set_back(database) -> None:
    machine = Machine()
    clock = machine.start(database)
    machine.wait(1000)
    assert clock() == NOON + 1000

    machine.wall.advance(-HOUR)

    assert clock() == NOON + 1000
    machine.wait(7)
    assert clock() == NOON + 1007


def test_next_process_begins_where_this_one_was(database) -> None:
    machine = Machine()
    machine.wait(1000)
    machine.start(database).save()

    machine.wall.advance(-HOUR)

    assert machine.start(database)() == NOON + 1000


def test_clock_repaired_by_days_is_believed_at_next_start(database, caplog) -> None:
    machine = Machine()
    machine.start(database).save()

    machine.wall.advance(-25 * HOUR)

    assert machine.start(database)() == NOON - 25 * HOUR
    assert "set back by over a day" in caplog.text
