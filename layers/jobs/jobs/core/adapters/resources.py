"""Limits of tenants as operators manage them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from jobs.core.adapters.dynamodb.tenant_limits import from_row
from jobs.core.entries import LimitsEntry
from jobs.core.entry import parse_entry
from jobs.core.resource import Resource
from jobs.core.tenant_limits import TenantLimits


def _parse(tenant: str, fields: Mapping[str, Any]) -> TenantLimits:
    entry = parse_entry(LimitsEntry, fields)
    return TenantLimits(
        messages_per_minute=entry.messagesPerMinute, agent_concurrency=entry.agentConcurrency
    )


def _show(limits: TenantLimits) -> dict[str, Any]:
    shown = {
        "messagesPerMinute": limits.messages_per_minute,
        "agentConcurrency": limits.agent_concurrency,
    }
    return {name: value for name, value in shown.items() if value is not None}


LIMITS: Final[Resource[TenantLimits]] = Resource(
    name="limits",
    label="LIMITS",
    home="single",
    parse=_parse,
    show=_show,
    to_row=asdict,
    from_row=lambda tenant, entry, row: from_row(row),
)
