"""Queues in SQLite: each message is delivered until it is deleted, or dead."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from jobs.kit.errors import RefusedError
from jobs.kit.sqlite.database import Database, Schema
from jobs.kit.sqlite.queue import SCHEMA, Policy, Queue
from tests.adapters.query_plans import only_indexed_statements
from tests.support import HOUR, NOON

VISIBILITY = 30_000
POLICY = Policy(visibility=VISIBILITY, max_receives=2, dead_letters="dead")


@pytest.fixture
def database() -> Iterator[Database]:
    with closing(Database()) as database:
        yield database


@pytest.fixture
def queue(database, clock) -> Queue:
    return Queue(database, "jobs", clock, POLICY)


@pytest.fixture
def dead(database, clock) -> Queue:
    return Queue(database, "dead", clock)


def bodies(queue: Queue, limit: int = 10) -> list[str]:
    return [message.body for message in queue.receive(limit)]


def test_messages_are_received_once_oldest_first(queue, clock) -> None:
    queue.send("a")
    clock.advance(1)
    queue.send("b")

    assert bodies(queue, limit=1) == ["a"]
    assert bodies(queue) == ["b"]
    assert bodies(queue) == []


def test_message_that_is_not_deleted_comes_again(queue, clock) -> None:
    queue.send("a")
    first, *_ = queue.receive()
    clock.advance(VISIBILITY - 1)
    assert bodies(queue) == []

    clock.advance(1)

    again, *_ = queue.receive()
    assert (first.receive_count, again.receive_count) == (1, 2)
    assert (again.body, again.sent_at) == ("a", NOON)


def test_deleted_message_never_comes_again(queue, clock) -> None:
    queue.send("a")
    queue.delete(queue.receive()[0].receipt)
    clock.advance(HOUR)

    assert bodies(queue) == []
    assert len(queue) == 0


def test_late_delete_spares_the_next_delivery(queue, clock) -> None:
    queue.send("a")
    late, *_ = queue.receive()
    clock.advance(VISIBILITY)
    queue.receive()

    queue.delete(late.receipt)

    assert len(queue) == 1


def test_delayed_message_is_received_on_time(queue, clock) -> None:
    queue.send("a", delay=500)

    assert queue.next_at() == NOON + 500
    assert bodies(queue) == []
    clock.advance(500)
    assert bodies(queue) == ["a"]


def test_held_message_stays_hidden(queue, clock) -> None:
    queue.send("a")
    message, *_ = queue.receive()
    clock.advance(VISIBILITY - 1)
    queue.hold(message.receipt, VISIBILITY)
    clock.advance(VISIBILITY - 1)
    assert bodies(queue) == []

    queue.hold(message.receipt, 0)

    assert bodies(queue) == ["a"]


@pytest.mark.parametrize("again", [False, True], ids=["visible", "received again"])
def test_hold_of_returned_message_is_refused(queue, clock, again) -> None:
    queue.send("a")
    message, *_ = queue.receive()
    clock.advance(VISIBILITY)
    if again:
        queue.receive()

    with pytest.raises(RefusedError, match="returned to its queue"):
        queue.hold(message.receipt, VISIBILITY)


def test_message_is_dead_after_its_last_delivery(queue, dead, clock) -> None:
    queue.send("bad")
    for _ in range(2):
        assert bodies(queue) == ["bad"]
        clock.advance(VISIBILITY)
    queue.send("good")

    assert bodies(queue, limit=1) == ["good"]

    assert len(dead) == 1
    assert bodies(dead) == ["bad"]


def test_redriven_dead_letter_is_delivered_as_often_again(queue, dead, clock) -> None:
    queue.send("bad")
    for _ in range(3):
        queue.receive()
        clock.advance(VISIBILITY)

    assert dead.redrive("jobs") == 1

    assert [message.receive_count for message in queue.receive()] == [1]
    assert len(dead) == 0


def test_messages_of_ended_process_are_delivered_at_once(queue, database, clock) -> None:
    queue.send("in flight")
    queue.receive()
    queue.send("delayed", delay=HOUR)

    queue.recover()

    assert bodies(queue) == ["in flight"]


def test_racing_workers_receive_each_message_once(tmp_path, clock) -> None:
    with closing(Database(tmp_path / "db")) as database:
        queue = Queue(database, "jobs", clock, POLICY)
        for n in range(100):
            queue.send(str(n))

        def work(_: int) -> list[str]:
            found: list[str] = []
            while some := bodies(queue, limit=3):
                found += some
            return found

        with ThreadPoolExecutor(8) as workers:
            found = [body for some in workers.map(work, range(8)) for body in some]

    assert sorted(found, key=int) == [str(n) for n in range(100)]


def test_visible_message_wakes_the_queues_workers(queue, database) -> None:
    signals = database.signals
    numbers = [signals.number(queue.signal)]

    def note() -> None:
        numbers.append(signals.number(queue.signal))

    queue.send("a")
    note()
    message, *_ = queue.receive()
    note()
    queue.hold(message.receipt, 0)
    note()
    Queue(database, "others", lambda: NOON).send("b")
    note()

    assert numbers == [0, 1, 1, 2, 2]


def test_forgotten_messages_expire(queue, database, clock) -> None:
    queue.send("a")
    clock.advance(15 * 24 * HOUR)

    database.sweep(clock())

    assert len(queue) == 0


def test_message_wakes_one_of_the_waiting_workers(queue, database) -> None:
    signals = database.signals
    seen = signals.number(queue.signal)
    with ThreadPoolExecutor(3) as workers:
        waits = [workers.submit(signals.wait, queue.signal, seen, 30) for _ in range(3)]
        conditions = signals._conditions  # noqa: SLF001
        while len(getattr(conditions.get(queue.signal), "_waiters", ())) < 3:
            pass
        for woken in (1, 2, 3):
            queue.send("a")
            while sum(each.done() for each in waits) < woken:
                pass
            assert len(getattr(conditions[queue.signal], "_waiters", ())) == 3 - woken


def send_all(queue: Queue, **counts: int) -> None:
    """Send messages of tenants, those of one after those of the other."""
    for tenant, count in counts.items():
        for number in range(count):
            queue.send(f"{tenant}{number}", tenant=tenant)


def test_tenants_with_many_messages_delay_no_others(queue) -> None:
    send_all(queue, noisy=50, loud=50, quiet=1)

    received = [bodies(queue, limit=3) for _ in range(2)]

    assert received == [["noisy0", "loud0", "quiet0"], ["noisy1", "loud1", "noisy2"]]


@pytest.mark.parametrize(
    ("busy", "first"),
    [({}, "noisy0"), ({"noisy": 1}, "quiet0"), ({"noisy": 1, "quiet": 1}, "noisy0")],
)
def test_next_message_is_of_the_tenant_with_fewest_under_way(queue, busy, first) -> None:
    send_all(queue, noisy=50, quiet=5)

    [message] = queue.receive(busy=busy)

    assert message.body == first


def test_delayed_messages_take_no_turn(queue) -> None:
    queue.send("later", delay=1, tenant="later")
    send_all(queue, noisy=5)

    assert bodies(queue, limit=2) == ["noisy0", "noisy1"]


def test_fair_choice_uses_indexes_only(database, queue) -> None:
    send_all(queue, noisy=20, quiet=2)

    with only_indexed_statements(database):
        assert len(queue.receive(5)) == 5


def test_messages_of_earlier_version_are_delivered(tmp_path, clock) -> None:
    path = tmp_path / "earlier.db"
    with closing(Database(path)) as database:
        database.create(Schema("messages", SCHEMA.steps[:1]))
        database.write(
            lambda db: db.execute(
                "INSERT INTO messages (queue, body, sent_at, visible_at, expires_at)"
                " VALUES ('jobs', 'a', 0, 0, ?)",
                (clock() + HOUR,),
            )
        )

    with closing(Database(path)) as database:
        assert bodies(Queue(database, "jobs", clock)) == ["a"]
