"""The output items of each job."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import count
from sqlite3 import Connection
from typing import Final

from jobs.core.job import JobRef
from jobs.core.output_log import AsyncPause, ItemTakenError
from jobs.kit.clock import Millis
from jobs.kit.output.events import OutputItem
from jobs.kit.sqlite.database import Database, Schema

_PAGE_SIZE: Final = 50
SCHEMA: Final = Schema(
    "docs_output",  # its name when only docs jobs had output
    (
        """
        CREATE TABLE docs_output (
            tenant TEXT NOT NULL,
            job_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            events TEXT NOT NULL,
            is_end INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, job_id, number)
        ) STRICT;
        CREATE INDEX docs_output_by_expiry ON docs_output (expires_at);
        """,
        """
        ALTER TABLE docs_output RENAME TO output;
        ALTER TABLE output ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
        CREATE TRIGGER output_added AFTER INSERT ON output BEGIN
            SELECT wake('output:' || NEW.job_id);
        END;
        """,
    ),
    expiring=("output",),
)


class SqliteOutputLog:
    def __init__(self, database: Database) -> None:
        database.create(SCHEMA)
        self._database = database

    def append(self, ref: JobRef, item: OutputItem, *, expires_at: Millis) -> None:
        events = json.dumps(item.events, ensure_ascii=False, separators=(",", ":"))
        key = (ref.tenant, ref.id, item.number)

        def add(db: Connection) -> int:
            added = db.execute(
                "INSERT OR IGNORE INTO output"
                " (tenant, job_id, number, events, is_end, expires_at, attempt)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*key, events, int(item.end), expires_at, item.attempt),
            ).rowcount
            if added:
                return item.attempt
            stored = db.execute(
                "SELECT attempt FROM output WHERE (tenant, job_id, number) = (?, ?, ?)", key
            ).fetchone()
            return int(stored["attempt"])

        # Readers make an end that a power failure has lost from the job, which is durable.
        if (by := self._database.write(add, durable=False)) != item.attempt:
            raise ItemTakenError(by)

    def read(self, ref: JobRef, *, since: int) -> Sequence[OutputItem]:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT number, events, is_end, attempt FROM output"
                " WHERE (tenant, job_id) = (?, ?) AND number >= ? ORDER BY number LIMIT ?",
                (ref.tenant, ref.id, since, _PAGE_SIZE),
            ).fetchall()
        )
        return [
            OutputItem(
                number=number,
                events=json.loads(each["events"]),
                end=bool(each["is_end"]),
                attempt=each["attempt"],
            )
            for number, each in zip(count(since), found)
            if each["number"] == number
        ]

    def news(self, ref: JobRef) -> AbstractContextManager[AsyncPause]:
        """Wake also at the end of the job."""
        return self._database.signals.pauses(f"output:{ref.id}", f"job:{ref.id}")
