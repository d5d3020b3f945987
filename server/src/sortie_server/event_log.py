"""Events for programs, in place of the event bus: a table that readers follow."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jobs.core.adapters.job_events import JobEvents
from jobs.core.changes import JobChange
from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite.database import Database, Schema

_SIGNAL: Final = "events"
DETAIL_TYPE: Final = "Job Status Changed"
RETENTION_MS: Final[Millis] = 600_000
"""For readers that connect again: a job has three events, and there may be a million jobs."""
_SCHEMA: Final = Schema(
    "events",
    (
        """
        CREATE TABLE events (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant TEXT NOT NULL,
            type TEXT NOT NULL,
            detail TEXT NOT NULL,
            expires_at INTEGER NOT NULL
        );
        CREATE INDEX events_by_tenant ON events (tenant, seq);
        CREATE INDEX events_by_expiry ON events (expires_at);
        CREATE TRIGGER events_wake AFTER INSERT ON events BEGIN SELECT wake('events'); END;
        """,
    ),
    expiring=("events",),
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """`detail` is JSON."""

    seq: int
    type: str
    detail: str


class EventLog:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        database.create(_SCHEMA)

    def add(self, tenant: str, detail_type: str, detail: Mapping[str, Any]) -> None:
        row = (tenant, detail_type, json.dumps(detail), self._clock() + RETENTION_MS)
        self._database.write(
            lambda db: db.execute(
                "INSERT INTO events (tenant, type, detail, expires_at) VALUES (?, ?, ?, ?)", row
            )
        )

    def read(self, tenant: str | None, *, after: int, limit: int) -> Sequence[StoredEvent]:
        """Return the next events of a tenant, or of all tenants."""
        whose = "" if tenant is None else "tenant = :tenant AND "
        statement = (
            f"SELECT seq, type, detail FROM events WHERE {whose}seq > :after"  # noqa: S608
            " ORDER BY seq LIMIT :limit"
        )
        values = {"tenant": tenant, "after": after, "limit": limit}
        rows = self._database.read(lambda db: db.execute(statement, values).fetchall())
        return [StoredEvent(row["seq"], row["type"], row["detail"]) for row in rows]

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each commit with events, in its thread. Return how to stop it."""
        return self._database.signals.listen(_SIGNAL, callback)

    def newest(self) -> int:
        """Return the number of the newest event, 0 if there was none yet."""
        row = self._database.read(
            lambda db: db.execute("SELECT max(seq) AS seq FROM events").fetchone()
        )
        return row["seq"] or 0


class EventLogPublisher:
    """An `EventPublisher` of the core."""

    def __init__(self, log: EventLog, events: JobEvents) -> None:
        self._log = log
        self._events = events

    def publish(self, changes: Sequence[JobChange]) -> None:
        for change in changes:
            self._log.add(change.ref.tenant, DETAIL_TYPE, self._events.detail(change))
