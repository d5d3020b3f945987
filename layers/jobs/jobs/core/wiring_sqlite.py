"""Composes the core over one SQLite file, in place of AWS: `jobs.core.wiring` explains wirings."""

from typing import Any, Final

from jobs.core.adapters.cursors import CursorSigner
from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.adapters.sqlite.queue import SqliteDelivery, SqliteJobQueue
from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.adapters.sqlite.slots import SqliteSlots
from jobs.core.adapters.sqlite.tenant_limits import SqliteTenantLimits
from jobs.core.adapters.sqlite.timers import SqliteTimers
from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.core.ports import Delivery
from jobs.core.wiring import CoreWiring
from jobs.kit.clock import Clock
from jobs.kit.secrets import SecretReader
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.queue import Queue
from jobs.kit.sqlite.timers import TimerTable

CURSOR_SECRET: Final = "cursors"  # noqa: S105 - its name


def use_sqlite(
    wiring: CoreWiring, database: Database, *, clock: Clock, secrets: SecretReader
) -> None:
    """Put the adapters of SQLite into a wiring. A queue's URL is its name."""
    jobs = SqliteJobRepository(database, clock, wiring.storages)

    def queue(url: str) -> SqliteJobQueue:
        return SqliteJobQueue(Queue(database, url, clock))

    def delivery(url: str, receipt_handle: str, count: int) -> Delivery:
        return SqliteDelivery(Queue(database, url, clock), receipt_handle, count)

    slots = SqliteSlots(database, clock)
    parts: dict[str, Any] = {
        "clock": clock,
        "secrets": secrets,
        "jobs": jobs,
        "pause": jobs.pause,
        "output_log": SqliteOutputLog(database),
        "counters": SqliteJobCounters(database, clock),
        "usage": SqliteUsage(database, clock),
        "rate_limits": SqliteRateLimits(database, clock),
        "slots": slots,
        "hasty_slots": slots,
        "tenant_limits": SqliteTenantLimits(database),
        "timers": SqliteTimers(TimerTable(database)),
        "cursor_signer": CursorSigner(secrets, CURSOR_SECRET),
        "queue": queue,
        "hasty_queue": queue,
        "delivery": delivery,
    }
    vars(wiring).update(parts)
