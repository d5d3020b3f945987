"""The admin API: usage."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.ids import is_tenant
from jobs.core.status import JobStatus
from jobs.core.usage import (
    ATTEMPTS,
    PAYMENTS,
    RUN_MS,
    TOKENS_READ,
    TOKENS_WRITTEN,
    WEBHOOKS,
    Usage,
)
from jobs.kit.http import BadRequestError, Request, Response

if TYPE_CHECKING:
    from jobs.admin.api import types

MAX_DAYS: Final = 92
_DEFAULT_DAYS: Final = 30
_DAY: Final = re.compile(r"2\d{3}-\d{2}-\d{2}", re.ASCII)
_KEY: Final = re.compile(r"[\w+-]{1,128}", re.ASCII)
"""The id of an API key or of a partner's client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageQuery:
    """`first` and `last` are days in UTC. Without `key_id`, all usage of the tenant."""

    tenant: str
    first: date
    last: date
    key_id: str | None = None


def parse_usage_query(request: Request, *, today: date) -> UsageQuery:
    """Raises `BadRequestError`."""
    tenant, key_id = request.query("tenant"), request.query("key")
    if tenant is None or not is_tenant(tenant):
        raise BadRequestError("tenant must be the id of a tenant")
    if key_id is not None and not _KEY.fullmatch(key_id):
        raise BadRequestError("key must be the id of a key or of a partner's client")
    last = _parse_day(request, "to") or today
    first = _parse_day(request, "from") or last - timedelta(days=_DEFAULT_DAYS - 1)
    if not timedelta() <= last - first < timedelta(days=MAX_DAYS):
        raise BadRequestError(f"from must be at most {MAX_DAYS - 1} days before to")
    return UsageQuery(tenant=tenant, first=first, last=last, key_id=key_id)


def usage_response(query: UsageQuery, used: Iterable[Usage]) -> Response[types.UsageResponse]:
    by_day: dict[date, dict[str, Counter[str]]] = defaultdict(dict)
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for each in used:
        by_day[each.day][each.source] = Counter(each.counts)
        total[each.source].update(each.counts)
    body: types.UsageResponse = {
        "tenant": query.tenant,
        "firstDay": query.first.isoformat(),
        "lastDay": query.last.isoformat(),
        "total": _to_counts(total),
        "days": [
            {"day": day.isoformat(), **_to_counts(sources)}
            for day, sources in sorted(by_day.items())
        ],
    }
    if query.key_id is not None:
        body["key"] = query.key_id
    return Response(HTTPStatus.OK, body)


def _to_counts(sources: dict[str, Counter[str]]) -> types.UsageCounts:
    paid = sources.get(PAYMENTS, Counter())
    return {
        "jobs": [
            _to_jobs(source, counts)
            for source, counts in sorted(sources.items())
            if source not in {WEBHOOKS, PAYMENTS}
        ],
        "webhookAttempts": sources.get(WEBHOOKS, Counter())[ATTEMPTS],
        "payments": [
            {
                "network": network,
                "asset": "USDC",
                "count": paid[name],
                "amount": str(paid[f"amount.{network}"]),
            }
            for name in sorted(paid)
            for measure, network in [name.split(".", 1)]
            if measure == "count"
        ],
    }


def _to_jobs(dialect: str, counts: Counter[str]) -> types.JobUsage:
    return {
        "dialect": dialect,
        "succeeded": counts[JobStatus.SUCCEEDED],
        "failed": counts[JobStatus.FAILED],
        "cancelled": counts[JobStatus.CANCELLED],
        "timedOut": counts[JobStatus.TIMED_OUT],
        "runSeconds": counts[RUN_MS] / 1000,
        "inputTokens": counts[TOKENS_READ],
        "outputTokens": counts[TOKENS_WRITTEN],
    }


def _parse_day(request: Request, name: str) -> date | None:
    text = request.query(name)
    if text is None:
        return None
    with suppress(ValueError):
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    raise BadRequestError(f"{name} must be a day, such as 2026-01-31")
