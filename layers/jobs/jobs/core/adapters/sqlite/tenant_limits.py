"""Limits of tenants in the registry of a SQLite database."""

from dataclasses import asdict
from typing import Final

from jobs.core.adapters.dynamodb.tenant_limits import from_row
from jobs.core.tenant_limits import TenantLimits
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.rows import SqliteRows

_SK: Final = "LIMITS"


class SqliteTenantLimits:
    def __init__(self, database: Database) -> None:
        self._rows = SqliteRows(database)

    def limits(self, tenant: str) -> TenantLimits:
        return from_row(self._rows.get(f"TENANT#{tenant}", _SK) or {})

    def put_limits(self, tenant: str, limits: TenantLimits) -> None:
        self._rows.put(f"TENANT#{tenant}", _SK, asdict(limits))
