"""Slots that jobs have taken, and jobs that wait for one.

While jobs wait, each release is reported in the outbox. No write needs to be durable: the message,
or the outbox's record, that causes it comes again after a power failure.
"""

import secrets
from sqlite3 import Connection
from typing import Final

from jobs.core.ids import earliest_id
from jobs.core.job import JobRef
from jobs.core.slots import Release, Slot
from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite import outbox
from jobs.kit.sqlite.database import Database, Schema
from jobs.kit.sqlite.outbox import Record, add_record

TOPIC: Final = "slots"

SCHEMA: Final = Schema(
    "slots",
    (
        """
        CREATE TABLE slots (
            tenant TEXT NOT NULL,
            kind TEXT NOT NULL,
            number INTEGER NOT NULL,
            job_id TEXT NOT NULL,
            token INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            UNIQUE (tenant, kind, number)
        );
        CREATE INDEX slots_by_expiry ON slots (expires_at);
        CREATE TABLE waiting_jobs (
            tenant TEXT NOT NULL,
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            expires_at INTEGER NOT NULL, -- the job's deadline
            UNIQUE (tenant, kind, id)
        );
        CREATE INDEX waiting_jobs_by_expiry ON waiting_jobs (expires_at);
        CREATE TABLE slot_queues (
            tenant TEXT NOT NULL,
            kind TEXT NOT NULL,
            latest TEXT NOT NULL, -- the job that began to wait last; without it, none waits
            UNIQUE (tenant, kind)
        );
        """,
    ),
    expiring=("slots", "waiting_jobs"),
)


class SqliteSlots:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        database.create(outbox.SCHEMA)
        database.create(SCHEMA)

    def group_of(self, ref: JobRef, *, limit: int) -> int:
        return 0

    def take(self, ref: JobRef, *, limit: int, until: Millis) -> Slot | None:
        def take(db: Connection) -> Slot | None:
            own = db.execute(
                "SELECT number, token FROM slots WHERE tenant = ? AND kind = ? AND job_id = ?"
                " AND expires_at = ? AND expires_at > ?",
                (ref.tenant, ref.kind, ref.id, until, self._clock()),
            ).fetchone()
            if own:
                return Slot(own["number"], own["token"], again=True)
            number = self._find_free(db, ref, limit)
            if number is None:
                return None
            slot = Slot(number, secrets.randbits(60))
            db.execute(
                "INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?, ?, ?)",
                (ref.tenant, ref.kind, slot.number, ref.id, slot.token, until),
            )
            return slot

        return self._database.write(take, durable=False)

    def release(self, ref: JobRef, slot: Slot) -> None:
        def release(db: Connection) -> None:
            freed = db.execute(
                "DELETE FROM slots WHERE tenant = ? AND kind = ? AND number = ? AND token = ?",
                (ref.tenant, ref.kind, slot.number, slot.token),
            ).rowcount
            waits = db.execute(
                "SELECT tenant, kind, latest FROM slot_queues WHERE tenant = ? AND kind = ?",
                (ref.tenant, ref.kind),
            ).fetchone()
            if freed and waits:
                add_record(db, TOPIC, dict(waits))

        self._database.write(release, durable=False)

    def wait(self, ref: JobRef, *, until: Millis, limit: int) -> bool:
        def wait(db: Connection) -> bool:
            db.execute(
                "INSERT OR REPLACE INTO waiting_jobs VALUES (?, ?, ?, ?)",
                (ref.tenant, ref.kind, ref.id, until),
            )
            db.execute(
                "INSERT OR REPLACE INTO slot_queues VALUES (?, ?, ?)",
                (ref.tenant, ref.kind, ref.id),
            )
            return self._find_free(db, ref, limit) is not None

        return self._database.write(wait, durable=False)

    def leave(self, ref: JobRef, *, group: int = 0) -> None:
        self._database.write(
            lambda db: db.execute(
                "DELETE FROM waiting_jobs WHERE tenant = ? AND kind = ? AND id = ?",
                (ref.tenant, ref.kind, ref.id),
            ),
            durable=False,
        )

    def oldest(self, release: Release, *, max_age: Millis) -> JobRef | None:
        tenant, kind, now = release.tenant, release.kind, self._clock()
        row = self._database.read(
            lambda db: db.execute(
                "SELECT id FROM waiting_jobs WHERE tenant = ? AND kind = ? AND id >= ?"
                " AND expires_at > ? ORDER BY id LIMIT 1",
                (tenant, kind, earliest_id(now - max_age), now),
            ).fetchone()
        )
        return row and JobRef(tenant=tenant, kind=kind, id=row["id"])

    def stranded(self, release: Release, *, max_age: Millis) -> JobRef | None:
        tenant, kind, now = release.tenant, release.kind, self._clock()
        row = self._database.read(
            lambda db: db.execute(
                "SELECT id FROM slots JOIN waiting_jobs ON id = job_id"
                " AND waiting_jobs.tenant = slots.tenant AND waiting_jobs.kind = slots.kind"
                " WHERE slots.tenant = ? AND slots.kind = ? AND slots.expires_at > ?"
                " AND id >= ? LIMIT 1",
                (tenant, kind, now, earliest_id(now - max_age)),
            ).fetchone()
        )
        return row and JobRef(tenant=tenant, kind=kind, id=row["id"])

    def close(self, release: Release) -> None:
        self._database.write(
            lambda db: db.execute(
                "DELETE FROM slot_queues WHERE tenant = ? AND kind = ? AND latest = ?",
                (release.tenant, release.kind, release.latest),
            ),
            durable=False,
        )

    def _find_free(self, db: Connection, ref: JobRef, limit: int) -> int | None:
        rows = db.execute(
            "SELECT number FROM slots WHERE tenant = ? AND kind = ? AND expires_at > ?",
            (ref.tenant, ref.kind, self._clock()),
        )
        taken = {row["number"] for row in rows}
        return next((number for number in range(limit) if number not in taken), None)


def parse_release(record: Record) -> Release:
    return Release(**record.body)
