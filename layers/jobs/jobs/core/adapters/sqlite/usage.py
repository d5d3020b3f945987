"""Usage by tenant, key, day and source. Usage of jobs needs no marks: their counters have them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from sqlite3 import Connection
from typing import Final

from jobs.core.usage import Usage, UsageLog
from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite.database import Database, Schema

_RETENTION: Final = timedelta(days=400)
"""A year, and time to settle its accounts."""
_MARK_RETENTION_MS: Final[Millis] = 30 * 24 * 3600 * 1000
"""From the last entry. Deliveries grow for 14 days, payments for one."""
_ALL_KEYS: Final = ""

SCHEMA: Final = Schema(
    "usage",
    (
        """
        CREATE TABLE usage (
            tenant TEXT NOT NULL,
            key_id TEXT NOT NULL, -- empty: of all of the tenant's keys, and without key
            day TEXT NOT NULL,
            source TEXT NOT NULL,
            name TEXT NOT NULL,
            count INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            UNIQUE (tenant, key_id, day, source, name)
        );
        CREATE INDEX usage_by_expiry ON usage (expires_at);
        CREATE TABLE usage_marks (
            log_id TEXT PRIMARY KEY,
            entries INTEGER NOT NULL, -- number of counted entries
            expires_at INTEGER NOT NULL
        );
        CREATE INDEX usage_marks_by_expiry ON usage_marks (expires_at);
        """,
    ),
    expiring=("usage", "usage_marks"),
)


class SqliteUsage:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        database.create(SCHEMA)

    def read(
        self, tenant: str, *, first: date, last: date, key_id: str | None = None
    ) -> Sequence[Usage]:
        rows = self._database.read(
            lambda db: db.execute(
                "SELECT day, source, name, count FROM usage"
                " WHERE tenant = ? AND key_id = ? AND day BETWEEN ? AND ?"
                " ORDER BY day, source",
                (tenant, key_id or _ALL_KEYS, str(first), str(last)),
            ).fetchall()
        )
        counts: dict[tuple[str, str], dict[str, int]] = {}
        for row in rows:
            counts.setdefault((row["day"], row["source"]), {})[row["name"]] = row["count"]
        return [
            Usage(
                tenant=tenant,
                day=date.fromisoformat(day),
                source=source,
                counts=some,
                key_id=key_id,
            )
            for (day, source), some in counts.items()
        ]

    def count(self, logs: Sequence[UsageLog]) -> None:
        def count(db: Connection) -> None:
            for log in logs:
                for entry in log.entries[_mark(db, log, self._clock() + _MARK_RETENTION_MS) :]:
                    add_usage(db, entry)

        self._database.write(count)


def add_usage(db: Connection, usage: Usage) -> None:
    gone = datetime.combine(usage.day + _RETENTION, time(), UTC).timestamp()
    db.executemany(
        "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (tenant, key_id, day, source, name)"
        " DO UPDATE SET count = count + excluded.count",
        [
            (usage.tenant, key_id, str(usage.day), usage.source, name, n, int(gone) * 1000)
            for key_id in {_ALL_KEYS, usage.key_id or _ALL_KEYS}
            for name, n in usage.counts.items()
        ],
    )


def _mark(db: Connection, log: UsageLog, expires_at: Millis) -> int:
    """Note that all entries are counted; return how many were before."""
    row = db.execute("SELECT entries FROM usage_marks WHERE log_id = ?", (log.id,)).fetchone()
    counted: int = row["entries"] if row else 0
    if len(log.entries) > counted:
        db.execute(
            "INSERT OR REPLACE INTO usage_marks VALUES (?, ?, ?)",
            (log.id, len(log.entries), expires_at),
        )
    return counted
