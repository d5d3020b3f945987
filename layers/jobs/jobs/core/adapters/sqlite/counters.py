"""Job counters: exact under replay, read at constant cost.

Ended jobs are counted in buckets by time of expiry (`gone_at`, which has few values), so counts
drop on time. A mark per job has its counted state: the difference is applied to the buckets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from jobs.core.adapters.sqlite import usage
from jobs.core.adapters.sqlite.usage import add_usage
from jobs.core.changes import JobChange, JobCounts
from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.core.usage import usage_of_job
from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite.database import Database, Schema

_LIVE: Final = 0
_RETENTION_MS: Final[Millis] = 24 * 3600 * 1000
"""Marks outlive the job by this time, so that a consumer that stood still counts nothing twice."""
_FOREVER: Final = 2**62

SCHEMA: Final = Schema(
    "job_counts",
    (
        """
        CREATE TABLE job_counts (
            tenant TEXT NOT NULL,
            kind TEXT NOT NULL,
            bucket INTEGER NOT NULL, -- 0: live jobs; otherwise when these jobs expire
            status TEXT NOT NULL,
            jobs INTEGER NOT NULL,
            processing_ms INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            UNIQUE (tenant, kind, bucket, status)
        );
        CREATE INDEX job_counts_by_expiry ON job_counts (expires_at);
        CREATE TABLE job_marks (
            tenant TEXT NOT NULL,
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            place INTEGER NOT NULL, -- in the order of the job's changes
            status TEXT, -- null: deleted
            bucket INTEGER NOT NULL,
            processing_ms INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            UNIQUE (tenant, kind, id)
        );
        CREATE INDEX job_marks_by_expiry ON job_marks (expires_at);
        """,
    ),
    expiring=("job_counts", "job_marks"),
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """The counted state of a job; without `status`: deleted, or not counted yet."""

    place: int
    status: str | None
    bucket: Millis
    processing_ms: Millis

    @property
    def ended(self) -> bool:
        """Whether the end of the job is counted, or its deletion."""
        return self.place > 0 and (self.status is None or JobStatus(self.status).is_terminal)


_NOT_COUNTED: Final = _Mark(place=0, status=None, bucket=_LIVE, processing_ms=0)


class SqliteJobCounters:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        database.create(SCHEMA)
        database.create(usage.SCHEMA)

    def read(self, tenant: str, kind: str) -> JobCounts:
        rows = self._database.read(
            lambda db: db.execute(
                "SELECT status, sum(jobs) AS jobs, sum(processing_ms) AS processing_ms"
                " FROM job_counts WHERE tenant = ? AND kind = ? AND (bucket = ? OR bucket > ?)"
                " GROUP BY status",
                (tenant, kind, _LIVE, self._clock()),
            ).fetchall()
        )
        jobs = {row["status"]: row["jobs"] for row in rows}
        return JobCounts(
            by_status={status: jobs.get(status.value, 0) for status in JobStatus},
            processing_ms=sum(row["processing_ms"] for row in rows),
        )

    def count(self, changes: Sequence[JobChange]) -> None:
        in_order = sorted(changes, key=lambda change: _to_mark(change).place)

        def count(db: Connection) -> None:
            for change in in_order:
                _count(db, change)

        self._database.write(count)


def _count(db: Connection, change: JobChange) -> None:
    before, after = _find_mark(db, change.ref), _to_mark(change)
    if after.place <= before.place:
        return
    _put_mark(db, change, after)
    _add(db, change.ref, before, -1)
    _add(db, change.ref, after, 1)
    if not before.ended and (used := usage_of_job(change)):
        add_usage(db, used)


def _find_mark(db: Connection, ref: JobRef) -> _Mark:
    row = db.execute(
        "SELECT place, status, bucket, processing_ms FROM job_marks"
        " WHERE tenant = ? AND kind = ? AND id = ?",
        (ref.tenant, ref.kind, ref.id),
    ).fetchone()
    return _Mark(*row) if row else _NOT_COUNTED


def _put_mark(db: Connection, change: JobChange, mark: _Mark) -> None:
    ref = change.ref
    db.execute(
        "INSERT INTO job_marks VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (tenant, kind, id) DO UPDATE SET place = excluded.place,"
        " status = excluded.status, bucket = excluded.bucket,"
        " processing_ms = excluded.processing_ms, expires_at = excluded.expires_at",
        (
            *(ref.tenant, ref.kind, ref.id),
            *(mark.place, mark.status, mark.bucket, mark.processing_ms),
            change.gone_at + _RETENTION_MS,
        ),
    )


def _add(db: Connection, ref: JobRef, mark: _Mark, sign: int) -> None:
    if mark.status is None:
        return
    db.execute(
        "INSERT INTO job_counts VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (tenant, kind, bucket, status) DO UPDATE SET jobs = jobs + excluded.jobs,"
        " processing_ms = processing_ms + excluded.processing_ms",
        (
            *(ref.tenant, ref.kind, mark.bucket, mark.status),
            *(sign, sign * mark.processing_ms),
            _FOREVER if mark.bucket == _LIVE else mark.bucket + _RETENTION_MS,
        ),
    )


def _to_mark(change: JobChange) -> _Mark:
    """Order a deletion after the last change of status, which has the same sequence."""
    ended = change.status is not None and change.status.is_terminal
    succeeded = change.status is JobStatus.SUCCEEDED
    return _Mark(
        place=2 * change.sequence + (change.status is None),
        status=change.status,
        bucket=change.gone_at if ended else _LIVE,
        processing_ms=change.changed_at - change.created_at if succeeded else 0,
    )
