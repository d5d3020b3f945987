"""What tenants use, by day (UTC) and API key.

A source counts under names of its own: a kind of job (`usage_of_job`), webhooks, payments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from jobs.core.changes import JobChange
from jobs.kit.clock import Millis

RUN_MS: Final = "run_ms"
TOKENS_READ: Final = "tokens_in"
TOKENS_WRITTEN: Final = "tokens_out"

WEBHOOKS: Final = "webhooks"
ATTEMPTS: Final = "attempts"

PAYMENTS: Final = "payments"
"""Counts of payments: `count.<network>`, and `amount.<network>` in atomic units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one source has counted on one day. `key_id` is None without a key."""

    tenant: str
    day: date
    source: str
    counts: Mapping[str, int]
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLog:
    """A log that only grows, such as the attempts of a delivery: the usage of each entry in order.

    `id` is unique over all tenants.
    """

    id: str
    entries: Sequence[Usage]


def usage_of_job(change: JobChange) -> Usage | None:
    """Return the usage of a job that has ended here; None while it has not.

    A deletion tells it, too, in case the change before has not been seen.
    """
    status = change.previous if change.status is None else change.status
    if status is None or not status.is_terminal or change.is_import:
        return None
    counts = {
        status.value: 1,
        RUN_MS: change.run_ms,
        TOKENS_READ: change.tokens.read,
        TOKENS_WRITTEN: change.tokens.written,
    }
    return Usage(
        tenant=change.ref.tenant,
        day=day_of(change.changed_at),
        source=change.ref.kind,
        counts={name: count for name, count in counts.items() if count},
        key_id=change.key_id,
    )


def day_of(at: Millis) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()
