"""The database of a single process: transactions, threads, files and their faults."""

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest

from jobs.kit.errors import RefusedError, UnavailableError
from jobs.kit.sqlite import database as sqlite_database
from jobs.kit.sqlite.database import Database, Schema
from jobs.kit.sqlite.errors import (
    DatabaseInUseError,
    DatabaseNotWritableError,
    NewerDatabaseError,
)

NOTES = Schema(
    "notes",
    (
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, expires_at INTEGER);",
        "CREATE UNIQUE INDEX notes_by_text ON notes (text);",
    ),
    expiring=("notes",),
)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "sortie.db"


@pytest.fixture
def database(path) -> Iterator[Database]:
    with closing(Database(path)) as database:
        database.create(NOTES)
        yield database


def add(text: str, expires_at: int = 0) -> Callable[[sqlite3.Connection], int | None]:
    return lambda db: (
        db.execute(
            "INSERT INTO notes (text, expires_at) VALUES (?, ?)", (text, expires_at)
        ).lastrowid
    )


def add_many(database: Database) -> None:
    for n in range(100):
        database.write(add(f"{n}" + "x" * 10_000))


def texts(database: Database) -> list[str]:
    rows = database.read(lambda db: db.execute("SELECT text FROM notes ORDER BY id").fetchall())
    return [row["text"] for row in rows]


def test_write_returns_what_its_change_returns(database) -> None:
    assert [database.write(add("a")), database.write(add("b"))] == [1, 2]
    assert texts(database) == ["a", "b"]


def test_failing_change_is_undone_and_its_error_raised(database) -> None:
    def change(db: sqlite3.Connection) -> None:
        add("a")(db)
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        database.write(change)

    assert texts(database) == []


def test_nested_write_that_fails_undoes_its_own_part_only(database) -> None:
    def change(db: sqlite3.Connection) -> list[str]:
        add("kept")(db)
        with pytest.raises(sqlite3.IntegrityError):
            database.write(lambda db: (add("undone")(db), add("kept")(db)))
        return texts(database)  # a nested read sees the transaction

    assert database.write(change) == ["kept"]
    assert texts(database) == ["kept"]


def test_read_cannot_write(database) -> None:
    with pytest.raises(RuntimeError, match="a read cannot write"):
        database.read(lambda db: database.write(add("a")))


def test_read_sees_one_state(database) -> None:
    def count(db: sqlite3.Connection) -> list[int]:
        first = db.execute("SELECT count(*) FROM notes").fetchone()[0]
        with ThreadPoolExecutor(1) as pool:
            pool.submit(database.write, add("meanwhile")).result()
        return [first, db.execute("SELECT count(*) FROM notes").fetchone()[0]]

    assert database.read(count) == [0, 0]
    assert texts(database) == ["meanwhile"]


@pytest.mark.parametrize("in_memory", [False, True], ids=["file", "memory"])
def test_writes_of_threads_share_commits_and_fail_alone(tmp_path, in_memory) -> None:
    with closing(Database() if in_memory else Database(tmp_path / "db")) as database:
        database.create(NOTES)
        start = Barrier(16)

        def write(number: int) -> int:
            start.wait()
            failed = 0
            for n in range(20):
                try:
                    database.write(add(f"{number // 2} {n}"))  # another thread has the same
                except sqlite3.IntegrityError:
                    failed += 1
                texts(database)
            return failed

        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(write, range(16))) == 160
        assert len(texts(database)) == 160


def test_waiting_writes_share_one_commit(database) -> None:
    database.create(Schema("commits", ("CREATE TABLE commits (id INTEGER PRIMARY KEY)",)))
    began, go_on = Event(), Event()

    def slow(db: sqlite3.Connection) -> None:
        began.set()
        go_on.wait()

    commits: list[str] = []
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(database.write, slow)
        began.wait()
        waiting = [pool.submit(database.write, add(str(n))) for n in range(8)]
        while len(database._waiting) < 8:  # noqa: SLF001
            pass
        database._writer.set_trace_callback(commits.append)  # noqa: SLF001
        go_on.set()
        for each in [first, *waiting]:
            each.result()

    assert commits.count("COMMIT") == 2  # the slow one's, and one of all others
    assert len(texts(database)) == 8


def test_files_are_for_their_owner_alone(database, path) -> None:
    database.write(add("secret"))

    files = [each for each in path.parent.iterdir() if each.suffix != ".lock"]
    assert len(files) == 3
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}


def test_second_process_is_refused(database, path) -> None:
    with pytest.raises(DatabaseInUseError, match=r"another process uses .*sortie\.db: stop it"):
        Database(path)


def test_file_of_ended_process_can_be_opened(path) -> None:
    code = (
        "import os, sys; from jobs.kit.sqlite.database import Database\n"
        "Database(sys.argv[1]); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False, env=_environment())

    Database(path).close()


def test_schema_of_earlier_version_is_migrated(path) -> None:
    with closing(Database(path)) as database:
        database.create(Schema("notes", NOTES.steps[:1]))
        database.write(add("a"))

    with closing(Database(path)) as database:
        database.create(NOTES)
        with pytest.raises(sqlite3.IntegrityError):  # the second step's index
            database.write(add("a"))


def test_schema_of_later_version_is_refused(database, path) -> None:
    database.close()
    with (
        closing(Database(path)) as earlier,
        pytest.raises(NewerDatabaseError, match="use that version"),
    ):
        earlier.create(Schema("notes", NOTES.steps[:1]))


def test_failing_migration_changes_nothing(database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        database.create(Schema("odd", ("CREATE TABLE odd (id); CREATE TABLE notes (id);",)))

    database.create(Schema("odd", ("CREATE TABLE odd (id);",)))


def test_sweep_deletes_expired_rows_of_every_batch(database) -> None:
    database.write(lambda db: [add(str(n), expires_at=n)(db) for n in range(1200)])

    assert database.sweep(1100) == 1101
    assert texts(database)[0] == "1101"


def test_full_disk_is_unavailable_and_writes_go_on_after_it(database) -> None:
    largest = Path(database.path).stat().st_size + 200_000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        with pytest.raises(UnavailableError, match="the database cannot be used"):
            add_many(database)
        kept = texts(database)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    database.write(add("after"))
    assert texts(database) == [*kept, "after"]
    assert 0 < len(kept) < 100


def test_full_disk_fails_all_writes_of_a_commit(database) -> None:
    pages = database.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    database._writer.execute(f"PRAGMA max_page_count = {pages + 4}")  # noqa: SLF001

    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(database.write, add(f"{n}" + "x" * 30_000)) for n in range(8)]
    assert all(isinstance(each.exception(), UnavailableError) for each in writes)

    database.write(add("small"))
    assert texts(database) == ["small"]


def test_file_without_permission_says_so(tmp_path) -> None:
    with pytest.raises(DatabaseNotWritableError, match=r"cannot write .*no-folder"):
        Database(tmp_path / "no-folder" / "sortie.db")


def test_file_that_is_no_database_says_so_and_can_be_replaced(path) -> None:
    path.write_text("notes " * 1000)

    with pytest.raises(DatabaseNotWritableError, match=r"cannot use .*: file is not a database"):
        Database(path)

    path.unlink()
    Database(path).close()


def test_folder_in_place_of_the_file_says_so(path) -> None:
    path.mkdir()

    with pytest.raises(DatabaseNotWritableError, match=r"cannot use .*: unable to open"):
        Database(path)


def test_file_that_has_become_read_only_can_be_read(database) -> None:
    database.write(add("before"))
    database._writer.execute("PRAGMA query_only = ON")  # noqa: SLF001 - as a remounted disk

    with pytest.raises(UnavailableError, match="readonly"):
        database.write(add("a"))

    assert texts(database) == ["before"]


def test_too_large_value_is_refused_for_good(database) -> None:
    database._writer.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)  # noqa: SLF001

    with pytest.raises(RefusedError, match="too large"):
        database.write(add("x" * 2000))


def test_interrupted_thread_fails_other_writes_of_its_commit(database) -> None:
    began, go_on = Event(), Event()

    def interrupt(db: sqlite3.Connection) -> None:
        began.set()
        go_on.wait()
        raise KeyboardInterrupt

    def write() -> None:
        with pytest.raises(KeyboardInterrupt):
            database.write(interrupt)

    thread = Thread(target=write)
    thread.start()
    began.wait()
    go_on.set()
    thread.join()

    database.write(add("after"))
    assert texts(database) == ["after"]


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}


@pytest.fixture
def syncs(monkeypatch) -> list[int]:
    """Record the syncs of the log."""
    made: list[int] = []
    monkeypatch.setattr(sqlite_database, "sync", made.append)
    return made


def test_only_durable_write_waits_for_the_disk(database, syncs) -> None:
    database.write(add("a"), durable=False)
    assert len(syncs) == 0

    database.write(add("b"))

    assert len(syncs) == 1


def test_one_sync_serves_all_commits_before_it(database, monkeypatch) -> None:
    syncing, go_on = Event(), Event()
    made: list[int] = []

    def sync(file: int) -> None:
        made.append(file)
        syncing.set()
        go_on.wait()

    monkeypatch.setattr(sqlite_database, "sync", sync)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(database.write, add("first"))
        syncing.wait()
        rest = [pool.submit(database.write, add(str(n))) for n in range(8)]
        while len(texts(database)) < 9:  # they are committed while the first is synced
            pass
        go_on.set()
        for each in [first, *rest]:
            each.result()

    assert len(made) == 2


def test_write_that_the_disk_refuses_is_unavailable(database, monkeypatch) -> None:
    def fail(file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(sqlite_database, "sync", fail)

    with pytest.raises(UnavailableError, match="the disk cannot be written"):
        database.write(add("a"))
