"""Timers, in place of state machines that wait: one for each purpose and key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jobs.kit.clock import Millis
from jobs.kit.sqlite.database import Database, Schema

SIGNAL: Final = "timers"

SCHEMA: Final = Schema(
    "timers",
    (
        """
        CREATE TABLE timers (
            name TEXT NOT NULL,
            key TEXT NOT NULL,
            at INTEGER NOT NULL,
            body TEXT NOT NULL,
            UNIQUE (name, key)
        );
        CREATE INDEX timers_by_time ON timers (at);
        CREATE TRIGGER timers_started AFTER INSERT ON timers
            WHEN NEW.at <= (SELECT min(at) FROM timers) BEGIN
            SELECT wake('timers');
        END;
        CREATE TRIGGER timers_moved AFTER UPDATE ON timers
            WHEN NEW.at <= (SELECT min(at) FROM timers) BEGIN
            SELECT wake('timers');
        END;
        """,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """`name` says what is to be done at that time, `key` and `body` about what."""

    name: str
    key: str
    at: Millis
    body: str


class TimerTable:
    """A timer stays until it is finished: what was due when the process ended is due again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(SCHEMA)

    def start(self, timer: Timer) -> None:
        """Start a timer, unless there is one of this name and key."""
        self._database.write(
            lambda db: db.execute(
                "INSERT INTO timers (name, key, at, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name, key) DO NOTHING",
                (timer.name, timer.key, timer.at, timer.body),
            )
        )

    def due(self, now: Millis, *, limit: int) -> Sequence[Timer]:
        """Return timers whose time has come, the earliest first."""
        rows = self._database.read(
            lambda db: db.execute(
                "SELECT name, key, at, body FROM timers WHERE at <= ? ORDER BY at LIMIT ?",
                (now, limit),
            ).fetchall()
        )
        return [Timer(**row) for row in map(dict, rows)]

    def next_at(self) -> Millis | None:
        """Return the time of the earliest timer."""
        row = self._database.read(
            lambda db: db.execute("SELECT min(at) AS at FROM timers").fetchone()
        )
        at: Millis | None = row["at"]
        return at

    def move(self, timer: Timer, at: Millis) -> None:
        """Let a timer be due at another time, such as for a retry."""
        self._database.write(
            lambda db: db.execute(
                "UPDATE timers SET at = ? WHERE name = ? AND key = ?", (at, timer.name, timer.key)
            )
        )

    def finish(self, timer: Timer) -> None:
        """Delete a timer whose work is done, unless it has been moved meanwhile."""
        self._database.write(
            lambda db: db.execute(
                "DELETE FROM timers WHERE name = ? AND key = ? AND at = ?",
                (timer.name, timer.key, timer.at),
            ),
            durable=False,
        )
