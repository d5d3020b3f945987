"""API keys in the registry of a SQLite database."""

from jobs.auth.adapters.api_keys import from_row, to_row
from jobs.auth.api_key import ApiKey
from jobs.kit.clock import Millis
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.rows import SqliteRows


class SqliteApiKeys:
    """The keys, and their uses."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = SqliteRows(database)

    def key(self, key_id: str) -> ApiKey | None:
        row = self._rows.get(f"KEY#{key_id}", "KEY")
        return from_row(row["tenant"], key_id, row) if row else None

    def put_key(self, key: ApiKey) -> None:
        self._rows.put(f"KEY#{key.id}", "KEY", {"tenant": key.tenant, **to_row(key)})

    def note(self, key_id: str, hour: Millis) -> None:
        self._database.write(
            lambda db: db.execute(
                "UPDATE registry SET row = json_set(row, '$.used_at', ?)"
                " WHERE (pk, sk) = (?, 'KEY') AND coalesce(row ->> 'used_at', 0) < ?",
                (hour, f"KEY#{key_id}", hour),
            )
        )
