"""Limits of a tenant, as the admin API writes them."""

from typing import Annotated

from pydantic import Field

from jobs.core.entry import Entry
from jobs.kit.body_rules import Whole


class LimitsEntry(Entry):
    """Limits that replace those of the stack. The stack's parameters apply to absent ones."""

    messagesPerMinute: Annotated[int, Whole] | None = Field(default=None, ge=1, le=1_000_000)  # noqa: N815 - wire name
    agentConcurrency: Annotated[int, Whole] | None = Field(default=None, ge=1, le=1000)  # noqa: N815
