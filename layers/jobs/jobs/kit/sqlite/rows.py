"""Rows of the registry, as plain values under the keys of the DynamoDB table."""

import json
from collections.abc import Mapping, Sequence
from sqlite3 import Connection
from typing import Any, Final

from jobs.kit.sqlite.database import Database, Schema

type Row = dict[str, Any]

LAST: Final = "\U0010ffff"  # sorts after every character of an id

SCHEMA: Final = Schema(
    "registry",
    (
        """
        CREATE TABLE registry (
            pk TEXT NOT NULL,
            sk TEXT NOT NULL,
            row TEXT NOT NULL,
            tenant TEXT AS (row ->> 'tenant'),
            PRIMARY KEY (pk, sk)
        ) STRICT;
        CREATE INDEX registry_by_tenant ON registry (tenant, pk) WHERE tenant IS NOT NULL;
        """,
    ),
)


class SqliteRows:
    def __init__(self, database: Database) -> None:
        database.create(SCHEMA)
        self._database = database

    def get(self, pk: str, sk: str) -> Row | None:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT row FROM registry WHERE (pk, sk) = (?, ?)", (pk, sk)
            ).fetchone()
        )
        return json.loads(found["row"]) if found else None

    def list(self, pk: str, prefix: str) -> Sequence[tuple[str, Row]]:
        """Return the rows whose `sk` begins with the prefix, with the rest of it, in order."""
        found = self._database.read(
            lambda db: db.execute(
                "SELECT sk, row FROM registry WHERE pk = ? AND sk BETWEEN ? AND ? ORDER BY sk",
                (pk, prefix, prefix + LAST),
            ).fetchall()
        )
        return [(each["sk"].removeprefix(prefix), json.loads(each["row"])) for each in found]

    def put(self, pk: str, sk: str, row: Mapping[str, str | int | None]) -> None:
        """Write a row whole. Idempotent."""
        self._database.write(
            lambda db: db.execute(
                "INSERT OR REPLACE INTO registry (pk, sk, row) VALUES (?, ?, ?)",
                (pk, sk, to_text(row)),
            )
        )


def to_text(row: Mapping[str, str | int | None]) -> str:
    """Serialize a row; leave out None, as DynamoDB's items do."""
    kept = {name: value for name, value in row.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def put_row(db: Connection, table: str, values: Mapping[str, str | int | None]) -> None:
    """Insert a row, or replace the one with its key. Table and columns are names of our own."""
    marks = ", ".join("?" * len(values))
    db.execute(
        f"INSERT OR REPLACE INTO {table} ({', '.join(values)}) VALUES ({marks})", [*values.values()]
    )
