"""What workers of the single process need: messages of jobs, and timers of deadlines."""

import pytest

from jobs.core.adapters import messages
from jobs.core.adapters.sqlite.queue import SqliteDelivery, SqliteJobQueue
from jobs.core.adapters.sqlite.timers import TIME_OUT, SqliteTimers
from jobs.core.slots import Slot
from jobs.kit.errors import RefusedError
from jobs.kit.sqlite.queue import Queue
from jobs.kit.sqlite.timers import Timer, TimerTable
from tests.support import NOON


@pytest.fixture
def queue(sqlite, clock) -> Queue:
    return Queue(sqlite, "AgentQueue", clock)


def test_message_names_its_job_and_slot(queue, a_job) -> None:
    SqliteJobQueue(queue).send(a_job().ref, Slot(3, 2**59))

    message, *_ = queue.receive()
    assert messages.from_text(message.body) == a_job().ref
    assert messages.slot_from_text(message.body) == Slot(3, 2**59)


def test_delivery_holds_its_message_for_seconds(queue, clock, a_job) -> None:
    SqliteJobQueue(queue).send(a_job().ref)
    delivery = SqliteDelivery(queue, queue.receive()[0].receipt, count=1)
    delivery.hold(60)
    clock.advance(59_999)
    assert queue.receive() == []

    clock.advance(1)

    with pytest.raises(RefusedError):
        delivery.hold(60)


def test_timer_of_deadline_starts_once(sqlite, a_job) -> None:
    table, ref = TimerTable(sqlite), a_job().ref
    for at in (NOON, NOON + 1):
        SqliteTimers(table).time_out(ref, at=at)

    due = table.due(NOON, limit=10)

    assert due == [Timer(name=TIME_OUT, key=ref.id, at=NOON, body=messages.to_text(ref))]
