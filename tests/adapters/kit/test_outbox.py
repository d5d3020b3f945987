"""The outbox: records in order, each until all consumers of its topic have passed it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.outbox import Outbox, add_record


@pytest.fixture
def database() -> Iterator[Database]:
    with closing(Database()) as database:
        yield database


@pytest.fixture
def outbox(database) -> Outbox:
    outbox = Outbox(database)
    outbox.subscribe({"count": "jobs", "send": "jobs", "pay": "payments"})
    return outbox


def put(database: Database, topic: str, *numbers: int) -> None:
    for number in numbers:
        database.write(lambda db, n=number: add_record(db, topic, {"n": n}))


def read(outbox: Outbox, consumer: str, limit: int = 10) -> list[int]:
    return [record.body["n"] for record in outbox.read(consumer, limit=limit)]


def test_consumer_reads_its_topic_in_order(database, outbox) -> None:
    put(database, "jobs", 1, 2)
    put(database, "payments", 3)

    assert read(outbox, "count") == [1, 2]
    assert read(outbox, "send", limit=1) == [1]
    assert read(outbox, "pay") == [3]


def test_records_come_again_until_consumer_advances(database, outbox) -> None:
    put(database, "jobs", 1, 2, 3)
    first, *_ = outbox.read("count", limit=1)
    assert read(outbox, "count") == [1, 2, 3]

    outbox.advance("count", first)

    assert read(outbox, "count") == [2, 3]
    assert read(outbox, "send") == [1, 2, 3]


def test_record_is_deleted_after_its_last_consumer(database, outbox) -> None:
    put(database, "jobs", 1, 2)
    put(database, "payments", 3)
    for consumer in ("count", "send"):
        outbox.advance(consumer, outbox.read(consumer, limit=1)[0])

    left = database.read(lambda db: db.execute("SELECT count(*) FROM outbox").fetchone()[0])

    assert left == 2


def test_new_consumer_begins_with_what_is_left(database, outbox) -> None:
    put(database, "jobs", 1, 2)
    outbox.advance("count", outbox.read("count", limit=2)[1])

    outbox.subscribe({"count": "jobs", "publish": "jobs"})

    assert read(outbox, "publish") == [1, 2]
    assert read(outbox, "count") == []
    assert read(outbox, "send") == []  # no longer a consumer


def test_new_record_wakes_its_consumers(database, outbox) -> None:
    seen = database.signals.number("outbox:jobs")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(database.signals.wait, "outbox:jobs", seen, timeout=10)
        put(database, "payments", 1)
        put(database, "jobs", 2)
        assert waiting.result()

    assert not database.signals.wait("outbox:jobs", seen + 1, timeout=0)


def test_undone_change_leaves_no_record(database, outbox) -> None:
    def change(db) -> None:
        add_record(db, "jobs", {"n": 1})
        raise LookupError

    with pytest.raises(LookupError):
        database.write(change)

    assert read(outbox, "count") == []


def test_failing_listener_fails_no_commit(database, outbox, caplog) -> None:
    database.signals.listen("outbox:jobs", lambda: 1 // 0)

    put(database, "jobs", 1)

    assert read(outbox, "count") == [1]
    assert "a listener failed" in caplog.text


def test_listener_is_called_until_it_stops(database, outbox) -> None:
    calls: list[int] = []
    stop = database.signals.listen("outbox:jobs", lambda: calls.append(1))
    put(database, "jobs", 1)
    stop()
    put(database, "jobs", 2)

    assert calls == [1]
