"""Docs jobs in a SQLite database: follow-ups and lists, chats, branches and projects."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from sqlite3 import Connection
from typing import TYPE_CHECKING, Final

from jobs.core.adapters.sqlite.latest_jobs import SqliteLatestJobs
from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.docs.adapters.dynamodb.projects import from_row, to_row
from jobs.docs.adapters.dynamodb.storage import branch_queue_key, project_key
from jobs.docs.docs_job import KIND, Project, docs_job_of
from jobs.docs.errors import ProjectNotFoundError
from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite.database import Database, Schema
from jobs.kit.sqlite.rows import SqliteRows

if TYPE_CHECKING:
    from jobs.core.adapters.sqlite.jobs import SqliteJobRepository

JOBS: Final = Schema(
    "docs_jobs",
    (
        """
        CREATE INDEX jobs_by_project ON jobs (details ->> 'by_project', id)
            WHERE details ->> 'by_project' IS NOT NULL;
        """,
    ),
)
CHATS: Final = Schema(
    "docs_chats",
    (
        """
        CREATE TABLE docs_chats (
            tenant TEXT NOT NULL,
            project TEXT NOT NULL,
            chat TEXT NOT NULL,
            job_id TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, project, chat)
        ) STRICT;
        CREATE INDEX docs_chats_by_expiry ON docs_chats (expires_at);
        """,
        """
        INSERT INTO latest_jobs
            SELECT tenant, 'docs', project || '#' || chat, job_id, expires_at FROM docs_chats;
        DROP TABLE docs_chats;
        """,
    ),
)
BRANCHES: Final = Schema(
    "docs_branches",
    (
        """
        CREATE TABLE docs_branches (
            tenant TEXT NOT NULL,
            branch TEXT NOT NULL,
            job_id TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, branch)
        ) STRICT;
        CREATE INDEX docs_branches_by_expiry ON docs_branches (expires_at);
        """,
    ),
    expiring=("docs_branches",),
)


class SqliteDocsJobs:
    """Reads and writes the jobs of a repository, which it composes."""

    def __init__(self, database: Database, jobs: "SqliteJobRepository", clock: Clock) -> None:
        database.create(JOBS)
        self._database = database
        self._jobs = jobs
        self._clock = clock

    def follow(self, job: Job, *, after: str | None, key: IdempotencyKey | None = None) -> JobRef:
        def store(db: Connection) -> JobRef:
            if key and self._jobs.has_key(job.tenant, job.kind, key.value):
                return self._jobs.add(job, key)
            root = (job.tenant, job.kind, docs_job_of(job).root)
            found = db.execute(
                "SELECT details ->> 'latest' AS latest FROM jobs"
                " WHERE (tenant, kind, id) = (?, ?, ?)",
                root,
            ).fetchone()
            if found is None:
                raise JobNotFoundError(job.id)
            if found["latest"] != after:
                raise StaleJobError(job.id)
            db.execute(
                "UPDATE jobs SET details = json_set(details, '$.latest', ?)"
                " WHERE (tenant, kind, id) = (?, ?, ?)",
                (job.id, *root),
            )
            return self._jobs.add(job, key)

        return self._database.write(store)

    def list_by_project(
        self, tenant: str, project: str, *, skip: int, take: int
    ) -> Sequence[JobRef]:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT id FROM jobs WHERE details ->> 'by_project' = ? AND expires_at > ?"
                " ORDER BY id DESC LIMIT ? OFFSET ?",
                (project_key(tenant, project), self._clock(), take, skip),
            ).fetchall()
        )
        return [JobRef(tenant=tenant, kind=KIND, id=each["id"]) for each in found]

    def headers(self, refs: Sequence[JobRef]) -> Sequence[Job]:
        def existing() -> Iterator[Job]:
            for ref in refs:
                with suppress(JobNotFoundError):
                    yield replace(self._jobs.get(ref), request={})

        return self._database.read(lambda _: [*existing()])


class SqliteChats:
    def __init__(self, database: Database) -> None:
        self._jobs = SqliteLatestJobs(database)
        database.create(CHATS)

    def put(self, chat: str, job: Job) -> None:
        self._jobs.put(f"{docs_job_of(job).project}#{chat}", job)

    def latest(self, tenant: str, project: str, chat: str) -> JobRef | None:
        return self._jobs.latest(tenant, KIND, f"{project}#{chat}")


class SqliteBranches:
    def __init__(self, database: Database, clock: Clock) -> None:
        database.create(BRANCHES)
        self._database = database
        self._clock = clock

    def acquire(self, tenant: str, branch: str, job_id: str, *, until: Millis) -> bool:
        written = self._database.write(
            lambda db: (
                db.execute(
                    "INSERT INTO docs_branches VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                    " job_id = excluded.job_id, expires_at = excluded.expires_at"
                    " WHERE job_id = excluded.job_id OR expires_at <= ?",
                    (tenant, branch, job_id, until, self._clock()),
                ).rowcount
            )
        )
        return written > 0

    def release(self, tenant: str, branch: str, job_id: str) -> None:
        self._database.write(
            lambda db: db.execute(
                "DELETE FROM docs_branches WHERE (tenant, branch, job_id) = (?, ?, ?)",
                (tenant, branch, job_id),
            )
        )

    def next(self, tenant: str, branch: str) -> JobRef | None:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT id FROM jobs WHERE details ->> 'waiting' = ?"
                " ORDER BY details ->> 'rank' LIMIT 1",
                (branch_queue_key(tenant, branch),),
            ).fetchone()
        )
        return JobRef(tenant=tenant, kind=KIND, id=found["id"]) if found else None


class SqliteProjects:
    """Reads are cheap, so that there is no cache: a change holds at once."""

    def __init__(self, database: Database) -> None:
        self._rows = SqliteRows(database)

    def project(self, tenant: str, project_id: str) -> Project:
        row = self._rows.get(*_key(tenant, project_id))
        if row is None:
            raise ProjectNotFoundError(project_id)
        return from_row(tenant, project_id, row)

    def put_project(self, project: Project) -> None:
        self._rows.put(*_key(project.tenant, project.id), to_row(project))


def _key(tenant: str, project_id: str) -> tuple[str, str]:
    return f"TENANT#{tenant}", f"PROJECT#{project_id}"
