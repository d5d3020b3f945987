"""The registry of a SQLite database, as operators change it, and the audit log."""

import json
from collections.abc import Mapping, Sequence
from sqlite3 import Connection
from typing import Any, Final

from jobs.admin.adapters.rows import END, key_of, place_of, record_from_row, record_to_row
from jobs.admin.audit import RETENTION_MS, Record
from jobs.admin.errors import EntryChangedError, IdTakenError, TenantNotFoundError
from jobs.admin.ports import Found, Page, Write
from jobs.admin.tenant import TENANTS
from jobs.auth.api_key import OPERATORS
from jobs.core.resource import Resource
from jobs.kit.sqlite.database import Database, Schema
from jobs.kit.sqlite.page import take_page
from jobs.kit.sqlite.rows import SqliteRows, put_row, to_text

PAGE_SIZE: Final = 100

AUDIT: Final = Schema(
    "audit",
    (
        """
        CREATE TABLE audit (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            row TEXT NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_tenant ON audit (tenant, id);
        CREATE INDEX audit_by_expiry ON audit (expires_at);
        """,
    ),
    expiring=("audit",),
)


class SqliteRegistry:
    def __init__(self, database: Database) -> None:
        database.create(AUDIT)
        self._database = database
        self._rows = SqliteRows(database)

    def find[T](self, resource: Resource[T], tenant: str, entry: str) -> Found[T] | None:
        row = self._rows.get(*key_of(resource, tenant, entry))
        if not row or row.get("tenant", tenant) != tenant:
            return None
        return Found(value=resource.from_row(tenant, entry, row), version=row.get("version", ""))

    def page[T](self, resource: Resource[T], tenant: str, after: str | None) -> Page[T]:
        partition, prefix = place_of(resource, tenant)
        of, by = ("tenant", "pk") if resource.home == "own" else ("pk", "sk")
        rows, more = self._database.read(
            lambda db: take_page(
                db.execute(
                    f"SELECT {by} AS key, row FROM registry"
                    f" WHERE {of} = ? AND {by} > ? AND {by} < ? ORDER BY {by}",
                    (partition, prefix + (after or ""), prefix + END),
                ),
                size_of=lambda row: len(row["row"]),
                limit=PAGE_SIZE,
            )
        )
        ids = [row["key"].removeprefix(prefix) for row in rows]
        return Page(
            entries=[
                resource.from_row(tenant, id_, json.loads(row["row"]))
                for id_, row in zip(ids, rows, strict=True)
            ],
            next=ids[-1] if more else None,
        )

    def commit(self, writes: Sequence[Write[Any]], record: Record) -> None:
        def commit(db: Connection) -> None:
            self._check_tenant(writes, record)
            for write in writes:
                self._write(db, write, record.id)
            put_row(db, "audit", {
                "id": record.id,
                "tenant": record.tenant,
                "row": to_text(record_to_row(record)),
                "expires_at": record.at + RETENTION_MS,
            })  # fmt: skip

        self._database.write(commit)

    def is_empty(self, tenant: str) -> bool:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT 1 FROM registry WHERE pk = ? UNION ALL"
                " SELECT 1 FROM registry WHERE tenant = ? LIMIT 1",
                (f"TENANT#{tenant}", tenant),
            ).fetchone()
        )
        return found is None

    def _check_tenant(self, writes: Sequence[Write[Any]], record: Record) -> None:
        if record.tenant == OPERATORS or record.resource == TENANTS.name:
            return
        if any(write.value is not None for write in writes) and not self._rows.get(
            TENANTS.label, record.tenant
        ):
            raise TenantNotFoundError(record.tenant)

    def _write(self, db: Connection, write: Write[Any], version: str) -> None:
        resource, key = write.resource, key_of(write.resource, write.tenant, write.id)
        stored = self._rows.get(*key)
        if write.replacing != (None if stored is None else stored.get("version", "")):
            raise EntryChangedError
        row = None
        if write.value is not None:
            owner = {"tenant": write.tenant} if resource.home == "own" else {}
            row = {**owner, **resource.to_row(write.value), "version": version}
        self._put(db, key, row)
        if resource.claim:
            self._claim(db, write)

    def _claim(self, db: Connection, write: Write[Any]) -> None:
        """Note the owner of an id that is unique among all tenants."""
        resource, key = write.resource, (f"{write.resource.label}#{write.id}", write.resource.label)
        claimed = self._rows.get(*key)
        if claimed and claimed["tenant"] != write.tenant:
            raise IdTakenError(resource.name, write.id)
        row = None
        if write.value is not None and resource.claim:
            row = {"tenant": write.tenant, **resource.claim(write.value)}
        self._put(db, key, row)

    def _put(
        self, db: Connection, key: tuple[str, str], row: Mapping[str, str | int | None] | None
    ) -> None:
        if row is None:
            db.execute("DELETE FROM registry WHERE (pk, sk) = (?, ?)", key)
        else:
            self._rows.put(*key, row)


class SqliteAuditLog:
    def __init__(self, database: Database) -> None:
        database.create(AUDIT)
        self._database = database

    def page(self, tenant: str | None, after: str | None) -> Page[Record]:
        of_tenant, values = ("", ()) if tenant is None else ("tenant = ? AND", (tenant,))
        rows, more = self._database.read(
            lambda db: take_page(
                db.execute(
                    f"SELECT id, row FROM audit WHERE {of_tenant} id < ? ORDER BY id DESC",
                    (*values, after or END),
                ),
                size_of=lambda row: len(row["row"]),
                limit=PAGE_SIZE,
            )
        )
        return Page(
            entries=[record_from_row(json.loads(row["row"])) for row in rows],
            next=rows[-1]["id"] if more else None,
        )
