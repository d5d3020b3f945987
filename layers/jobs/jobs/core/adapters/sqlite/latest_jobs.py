"""The latest job of each chat or other group that clients name."""

from typing import Final

from jobs.core.job import Job, JobRef
from jobs.kit.sqlite.database import Database, Schema

SCHEMA: Final = Schema(
    "latest_jobs",
    (
        """
        CREATE TABLE latest_jobs (
            tenant TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            job_id TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, kind, name)
        ) STRICT;
        CREATE INDEX latest_jobs_by_expiry ON latest_jobs (expires_at);
        """,
    ),
    expiring=("latest_jobs",),
)


class SqliteLatestJobs:
    def __init__(self, database: Database) -> None:
        database.create(SCHEMA)
        self._database = database

    def put(self, name: str, job: Job) -> None:
        row = (job.tenant, job.kind, name, job.id, job.gone_at)
        self._database.write(
            lambda db: db.execute(
                "INSERT INTO latest_jobs VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " job_id = excluded.job_id, expires_at = excluded.expires_at"
                " WHERE job_id <= excluded.job_id",
                row,
            )
        )

    def latest(self, tenant: str, kind: str, name: str) -> JobRef | None:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT job_id FROM latest_jobs WHERE (tenant, kind, name) = (?, ?, ?)",
                (tenant, kind, name),
            ).fetchone()
        )
        return JobRef(tenant=tenant, kind=kind, id=found["job_id"]) if found else None
