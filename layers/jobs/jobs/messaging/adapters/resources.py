"""Agents as operators manage them."""

from collections.abc import Mapping
from typing import Any, Final

from jobs.core.entry import parse_entry
from jobs.core.resource import Resource
from jobs.messaging.adapters.agents import from_row, to_row
from jobs.messaging.agent import Agent
from jobs.messaging.entries import AgentEntry, to_agent


def _parse(tenant: str, fields: Mapping[str, Any]) -> Agent:
    return to_agent(parse_entry(AgentEntry, fields))


def _show(agent: Agent) -> dict[str, Any]:
    return {
        "id": agent.id,
        "name": agent.name,
        "bio": agent.bio,
        "order": agent.order,
        "active": agent.active,
        "provider": agent.provider,
        "settings": dict(agent.settings),
    }


AGENTS: Final[Resource[Agent]] = Resource(
    name="agents",
    label="AGENT",
    parse=_parse,
    show=_show,
    to_row=to_row,
    from_row=lambda tenant, entry, row: from_row(entry, row),
)
