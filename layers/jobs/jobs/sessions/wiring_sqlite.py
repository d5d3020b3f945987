"""Composes sessions over one SQLite file: `jobs.core.wiring_sqlite`."""

from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.kit.clock import Clock
from jobs.kit.secrets import SecretReader
from jobs.kit.sqlite.database import Database
from jobs.messaging.wiring_sqlite import use_sqlite as use_messaging
from jobs.sessions.adapters.sqlite import SqliteChatJobs, SqliteSessions
from jobs.sessions.wiring import SessionsWiring


def use_sqlite(
    wiring: SessionsWiring, database: Database, *, clock: Clock, secrets: SecretReader
) -> None:
    use_messaging(wiring.messaging, database, clock=clock, secrets=secrets)
    jobs = SqliteJobRepository(database, clock, wiring.core.storages)
    vars(wiring).update(
        sessions=SqliteSessions(database, jobs, clock),
        repository=SqliteChatJobs(database, clock, wiring.core.storages),
    )
