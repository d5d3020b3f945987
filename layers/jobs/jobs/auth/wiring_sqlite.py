"""Composes authentication over one SQLite file: `jobs.core.wiring_sqlite`."""

from jobs.auth.adapters.sqlite import SqliteApiKeys
from jobs.auth.wiring import AuthWiring
from jobs.kit.clock import Clock
from jobs.kit.sqlite.database import Database


def use_sqlite(wiring: AuthWiring, database: Database, *, clock: Clock) -> None:
    keys = SqliteApiKeys(database)
    vars(wiring).update(clock=clock, api_keys=keys, key_uses=keys)
