"""The table of jobs: every change is an update conditional on status and attempt."""

from collections.abc import Iterable
from sqlite3 import Connection, Row
from threading import Event
from typing import Any, Final

from jobs.core.adapters.sqlite import rows
from jobs.core.adapters.sqlite.rows import JobRows
from jobs.core.errors import IdempotencyConflictError, JobNotFoundError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.kind import Storages
from jobs.core.ports import IdempotencyKey, Listing, Page
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite import outbox
from jobs.kit.sqlite.database import Database

_MAX_PAGE_BYTES: Final = 5 * 2**19
_KEY: Final = "tenant = :tenant AND kind = :kind AND id = :id"
_FENCE: Final = f"{_KEY} AND status = :was AND attempt = :fence"
_ADDED: Final = (*rows.HEADER, "request", "result")
_CHANGED: Final = (
    "status", "sequence", "attempt", "changed_at", "deadline", "lease_until", "ended_at",
    "expires_at", "handle", "error", "failure_class", "tokens_in", "tokens_out", "result",
)  # fmt: skip
_INSERT: Final = (
    f"INSERT INTO jobs ({', '.join(_ADDED)})"
    f" VALUES ({', '.join(f':{name}' for name in _ADDED)})"
    " ON CONFLICT (tenant, kind, id) DO NOTHING"  # ids are unique: the stored job is this one
).replace(":details", "json_patch('{}', :details)")
_UPDATE: Final = (
    f"UPDATE jobs SET {', '.join(f'{name} = :{name}' for name in _CHANGED)},"
    f" details = json_patch(details, :details) WHERE {_FENCE}"  # a null removes its attribute
)
_PAGE: Final = "tenant = :tenant AND kind = :kind AND id < :before AND expires_at > :now"


class SqliteJobRepository:
    def __init__(self, database: Database, clock: Clock, storages: Storages) -> None:
        self._database = database
        self._clock = clock
        self._rows = JobRows(storages)
        database.create(outbox.SCHEMA)
        database.create(rows.SCHEMA)

    def recover(self) -> None:
        """End the leases of workers that ended with their process. No worker may run yet.

        Workers that claim jobs over HTTP live on: their jobs are in the index `waiting`.
        """
        self._database.write(
            lambda db: db.execute(
                "UPDATE jobs SET lease_until = 0 WHERE status = 'RUNNING' AND lease_until > 0"
                " AND details ->> 'waiting' IS NULL"
            )
        )

    def add(self, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        row = self._rows.to_row(job)

        def add(db: Connection) -> JobRef:
            first = key and self._first_job(db, job.ref, key)
            if first:
                return first
            db.execute(_INSERT, row)
            return job.ref

        return self._database.write(add)

    def has_key(self, tenant: str, kind: str, key: str) -> bool:
        return self._database.read(lambda db: self._claim(db, tenant, kind, key)) is not None

    def get(self, ref: JobRef) -> Job:
        return self._rows.to_job(dict(self._select("*", ref)))

    def status_of(self, ref: JobRef) -> JobStatus:
        return JobStatus(self._select("status", ref)["status"])

    def deadline_of(self, ref: JobRef) -> Millis:
        deadline: Millis = self._select("deadline", ref)["deadline"]
        return deadline

    def is_claimed(self, ref: JobRef) -> bool:
        try:
            row = self._select("attempt, status", ref)
        except JobNotFoundError:
            return False
        return bool(row["attempt"] > 0 or row["status"] == JobStatus.QUEUED)

    def save(self, job: Job, *, replacing: Job) -> None:
        values = self._rows.to_row(job) | {
            "was": replacing.status.value,
            "fence": replacing.attempt,
        }
        # A worker claims the job again after a power failure, if its first claim is lost.
        is_claim = job.attempt != replacing.attempt
        self._change(_UPDATE, job.id, values, durable=not is_claim)

    def renew(self, job: Job, *, lease_until: Millis) -> None:
        values = _fence(job, JobStatus.RUNNING) | {"until": lease_until}
        self._change(
            f"UPDATE jobs SET lease_until = :until WHERE {_FENCE}", job.id, values, durable=False
        )

    def delete(self, job: Job) -> None:
        def delete(db: Connection) -> None:
            values = _fence(job, job.status)
            if db.execute(f"DELETE FROM jobs WHERE {_FENCE}", values).rowcount:
                return
            if db.execute(f"SELECT 1 FROM jobs WHERE {_KEY}", values).fetchone():
                raise StaleJobError(job.id)

        self._database.write(delete)

    def pause(self, ref: JobRef, seconds: float) -> None:
        """Wait until the job has ended, for some seconds at most."""
        ended = Event()
        stop = self._database.signals.listen(f"job:{ref.id}", ended.set)
        try:
            if not self.status_of(ref).is_terminal:  # it may have ended before `listen`
                ended.wait(seconds)
        finally:
            stop()

    def newest(self, listing: Listing, *, known: int) -> Page:
        """Ignore `known`: an index knows which jobs are live."""
        values = {
            "tenant": listing.tenant,
            "kind": listing.kind,
            "before": listing.before or "~",
            "now": self._clock(),
            "limit": listing.limit + 1,
        }
        statement = _page_of(sorted(listing.statuses))
        return self._database.read(
            lambda db: self._to_page(db.execute(statement, values), listing.limit)
        )

    def _to_page(self, found: Iterable[Row], limit: int) -> Page:
        jobs: list[Job] = []
        size = 0
        for row in found:
            size += len(row["request"]) + len(row["result"] or "")
            if len(jobs) == limit or (jobs and size > _MAX_PAGE_BYTES):
                return Page(jobs=jobs, more=True)
            jobs.append(self._rows.to_job(dict(row)))
        return Page(jobs=jobs, more=False)

    def _select(self, columns: str, ref: JobRef) -> Row:
        statement = f"SELECT {columns} FROM jobs WHERE {_KEY} AND expires_at > :now"
        values = _key(ref) | {"now": self._clock()}
        row: Row | None = self._database.read(lambda db: db.execute(statement, values).fetchone())
        if row is None:
            raise JobNotFoundError(ref.id)
        return row

    def _change(
        self, statement: str, job_id: str, values: dict[str, Any], *, durable: bool
    ) -> None:
        changed = self._database.write(
            lambda db: db.execute(statement, values).rowcount, durable=durable
        )
        if not changed:
            raise StaleJobError(job_id)

    def _first_job(self, db: Connection, ref: JobRef, key: IdempotencyKey) -> JobRef | None:
        """Return the key's first job; None: it is this one. Raises `IdempotencyConflictError`."""
        if claim := self._claim(db, ref.tenant, ref.kind, key.value):
            if claim["request_hash"] != key.request_hash:
                raise IdempotencyConflictError
            return JobRef(tenant=ref.tenant, kind=ref.kind, id=claim["job_id"])
        db.execute(
            "INSERT OR REPLACE INTO idempotency_keys VALUES (?, ?, ?, ?, ?, ?)",
            (ref.tenant, ref.kind, key.value, ref.id, key.request_hash, key.expires_at),
        )
        return None

    def _claim(self, db: Connection, tenant: str, kind: str, key: str) -> Row | None:
        claim: Row | None = db.execute(
            "SELECT job_id, request_hash FROM idempotency_keys"
            " WHERE tenant = ? AND kind = ? AND key = ? AND expires_at > ?",
            (tenant, kind, key, self._clock()),
        ).fetchone()
        return claim


def _key(ref: JobRef) -> dict[str, Any]:
    return {"tenant": ref.tenant, "kind": ref.kind, "id": ref.id}


def _fence(job: Job, status: JobStatus) -> dict[str, Any]:
    return _key(job.ref) | {"was": status.value, "fence": job.attempt}


def _page_of(statuses: Iterable[JobStatus]) -> str:
    """Return a query that reads as many jobs as it returns, of all statuses or of some."""
    ids = " UNION ALL ".join(
        f"SELECT * FROM (SELECT id FROM jobs WHERE status = '{status}' AND {_PAGE}"
        " ORDER BY id DESC LIMIT :limit)"
        for status in statuses
    )
    among = f" AND id IN (SELECT id FROM ({ids}) ORDER BY id DESC LIMIT :limit)" if ids else ""
    return f"SELECT * FROM jobs WHERE {_PAGE}{among} ORDER BY id DESC LIMIT :limit"
