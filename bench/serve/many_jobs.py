"""Fill a server's file with a million jobs: copies of one that has ended."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from jobs.kit.clock import Millis, now

SPREAD_MS: Final[Millis] = 23 * 3600 * 1000
_SERIES: Final = (
    "WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < :count),"
    " ids (id) AS (SELECT printf('%08x-%04x-7000-8000-%012x',"
    " (:first + n * :step / 1000) >> 16, (:first + n * :step / 1000) & 65535, n) FROM series)"
)
"""Ids are ordered by their time (`jobs.core.ids`)."""


def copy_ended_job(file: Path, count: int) -> None:
    """Store as many copies of the file's only job, which has ended. No server may run on it."""
    with closing(sqlite3.connect(file, autocommit=True)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        # Nobody follows the copies: they are counted below.
        [(trigger,)] = database.execute("SELECT sql FROM sqlite_master WHERE name = 'jobs_added'")
        database.execute("DROP TRIGGER jobs_added")
        for table in ("jobs", "job_marks"):
            _copy(database, table, count)
        database.execute("UPDATE job_counts SET jobs = jobs + ? WHERE bucket > 0", (count,))
        database.execute(trigger)
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copy(database: sqlite3.Connection, table: str, count: int) -> None:
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    values = ", ".join("ids.id" if name == "id" else f"one.{name}" for name in columns)
    database.execute(
        f"{_SERIES} INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - names of our own
        f" SELECT {values} FROM ids, (SELECT * FROM {table} LIMIT 1) AS one",
        {"count": count, "first": now() - SPREAD_MS, "step": SPREAD_MS * 1000 // count},
    )
