"""Backups: one state of a database that is in use."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from jobs.kit.sqlite.backup import back_up
from jobs.kit.sqlite.database import Database, Schema
from jobs.kit.sqlite.errors import DatabaseError

PAIRS = Schema("pairs", ("CREATE TABLE pairs (left INTEGER, right INTEGER);",))


@pytest.fixture
def database(tmp_path) -> Iterator[Database]:
    with closing(Database(tmp_path / "sortie.db")) as database:
        database.create(PAIRS)
        yield database


def add_pair(database: Database, number: int) -> None:
    def add(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO pairs (left) VALUES (?)", (number,))
        db.execute("UPDATE pairs SET right = left WHERE left = ?", (number,))

    database.write(add, durable=False)


def pairs(path: Path) -> list[tuple[int, int]]:
    with closing(Database(path)) as copy:
        rows = copy.read(lambda db: db.execute("SELECT left, right FROM pairs").fetchall())
    return [tuple(row) for row in rows]


def test_backup_under_load_has_one_state(database, tmp_path) -> None:
    source, target, stop = Path(database.path), tmp_path / "copy.db", Event()
    add_pair(database, 0)

    def write() -> None:
        number = 1
        while not stop.is_set():
            add_pair(database, number)
            number += 1

    writer = Thread(target=write)
    writer.start()
    try:
        back_up(source, target)
    finally:
        stop.set()
        writer.join()

    found = pairs(target)
    assert found == [(number, number) for number in range(len(found))]
    assert found


def test_backup_of_a_stopped_server_is_the_same(database, tmp_path) -> None:
    add_pair(database, 7)
    database.close()

    back_up(Path(database.path), tmp_path / "copy.db")

    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert pairs(tmp_path / "copy.db") == [(7, 7)]


def test_backup_overwrites_nothing(database, tmp_path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")

    with pytest.raises(DatabaseError, match=r"exists already: choose another file"):
        back_up(Path(database.path), target)

    assert target.read_text() == "precious"


@pytest.mark.parametrize(("source", "target"), [
    ("missing.db", "copy.db"), ("sortie.db", "no-folder/copy.db"),
])  # fmt: skip
def test_impossible_backup_says_why_and_leaves_nothing(database, tmp_path, source, target) -> None:
    before = {*tmp_path.iterdir()}

    with pytest.raises(DatabaseError, match=r"there is no database|cannot back up"):
        back_up(tmp_path / source, tmp_path / target)

    assert {*tmp_path.iterdir()} == before


def test_file_that_is_no_database_is_refused(tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("nothing" * 1000)

    with pytest.raises(DatabaseError, match="not a database"):
        back_up(tmp_path / "notes.txt", tmp_path / "copy.db")

    assert not (tmp_path / "copy.db").exists()
