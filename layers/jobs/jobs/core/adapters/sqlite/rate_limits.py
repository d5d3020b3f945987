"""Windows of rate limits."""

from sqlite3 import Connection
from typing import Final

from jobs.core.rate_limit import Allowance, Limit
from jobs.kit.clock import Clock
from jobs.kit.sqlite.database import Database, Schema

SCHEMA: Final = Schema(
    "rate_limits",
    (
        """
        CREATE TABLE rate_limits (
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            taken INTEGER NOT NULL,
            expires_at INTEGER NOT NULL, -- the end of the window
            UNIQUE (owner, name)
        );
        CREATE INDEX rate_limits_by_expiry ON rate_limits (expires_at);
        """,
    ),
    expiring=("rate_limits",),
)


class SqliteRateLimits:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        database.create(SCHEMA)

    def take(self, owner: str, limit: Limit) -> Allowance:
        return self._database.write(lambda db: self._take(db, owner, limit), durable=False)

    def _take(self, db: Connection, owner: str, limit: Limit) -> Allowance:
        now = self._clock()
        window = db.execute(
            "SELECT taken, expires_at FROM rate_limits"
            " WHERE owner = ? AND name = ? AND expires_at > ?",
            (owner, limit.name, now),
        ).fetchone()
        taken, resets_at = window or (0, now + limit.window)
        granted = taken < limit.max_requests
        if granted:
            db.execute(
                "INSERT OR REPLACE INTO rate_limits VALUES (?, ?, ?, ?)",
                (owner, limit.name, taken + 1, resets_at),
            )
        return Allowance(
            limit=limit.max_requests,
            remaining=max(0, limit.max_requests - taken - granted),
            resets_at=resets_at,
            granted=granted,
        )
