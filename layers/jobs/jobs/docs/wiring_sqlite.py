"""Composes docs jobs over one SQLite file: `jobs.core.wiring_sqlite`."""

from dataclasses import replace

from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.wiring_sqlite import use_sqlite as use_core
from jobs.docs.adapters.sqlite import (
    SqliteBranches,
    SqliteChats,
    SqliteDocsJobs,
    SqliteProjects,
)
from jobs.docs.wiring import DocsWiring
from jobs.kit.clock import Clock
from jobs.kit.secrets import SecretReader
from jobs.kit.sqlite.database import Database


def use_sqlite(
    wiring: DocsWiring, database: Database, *, clock: Clock, secrets: SecretReader
) -> None:
    use_core(wiring.core, database, clock=clock, secrets=secrets)
    jobs = SqliteJobRepository(database, clock, wiring.core.storages)
    vars(wiring).update(
        docs_jobs=SqliteDocsJobs(database, jobs, clock),
        projects=SqliteProjects(database),
        chats=SqliteChats(database),
        branches=SqliteBranches(database, clock),
    )
    # The log tells its readers what is new.
    pace = replace(wiring.tail.pace, poll=0.5, idle_poll=0.5)
    vars(wiring)["tail"] = replace(wiring.tail, pace=pace)
