"""Composes the admin API over one SQLite file: `jobs.core.wiring_sqlite`."""

from jobs.admin.adapters.sqlite import SqliteAuditLog, SqliteRegistry
from jobs.admin.wiring import AdminWiring
from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.kit.clock import Clock
from jobs.kit.sqlite.database import Database


def use_sqlite(wiring: AdminWiring, database: Database, *, clock: Clock) -> None:
    vars(wiring).update(
        clock=clock,
        registry=SqliteRegistry(database),
        audit_log=SqliteAuditLog(database),
        usage=SqliteUsage(database, clock),
    )
