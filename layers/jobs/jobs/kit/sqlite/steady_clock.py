"""A clock that never goes back, although the machine's may be set back."""

import logging
import time
from collections.abc import Callable
from typing import Final

from jobs.kit.clock import Clock, Millis, now
from jobs.kit.sqlite.database import Database, Schema

_MAX_AHEAD_MS: Final[Millis] = 24 * 3600 * 1000
"""A clock that was as wrong as this has been repaired on purpose: it would stay wrong for days."""
_log: Final = logging.getLogger(__name__)

SCHEMA: Final = Schema(
    "clock", ("CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL);",)
)


class SteadyClock:
    """Goes on at its pace when the machine's clock is set back, and follows it when set forward.

    So no lease, timer or delay lasts longer, no expired key is valid again, and ids keep their
    order. `save` lets the next process begin where this one was.
    """

    def __init__(
        self,
        database: Database,
        wall: Clock = now,
        elapsed_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._database = database
        self._wall = wall
        self._elapsed_ns = elapsed_ns
        database.create(SCHEMA)
        self._anchor = (self._begin(), elapsed_ns())

    def __call__(self) -> Millis:
        at, since_ns = self._anchor
        elapsed_ns = self._elapsed_ns()
        steady = at + (elapsed_ns - since_ns) // 1_000_000
        wall = self._wall()
        if wall <= steady:
            return steady
        self._anchor = (wall, elapsed_ns)
        return wall

    def save(self) -> None:
        at = self()
        self._database.write(
            lambda db: db.execute("INSERT OR REPLACE INTO clock VALUES (1, ?)", (at,)),
            durable=False,
        )

    def _begin(self) -> Millis:
        wall = self._wall()
        row = self._database.read(lambda db: db.execute("SELECT at FROM clock").fetchone())
        if row is None or row["at"] <= wall:
            return wall
        if row["at"] - wall > _MAX_AHEAD_MS:
            _log.warning("the clock was set back by over a day: leases may last as much longer")
            return wall
        saved: Millis = row["at"]
        return saved
