"""The limits of one tenant that replace those of the stack."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantLimits:
    """None: the stack's parameter applies, `MessagesPerMinute` or `AgentTenantConcurrency`.

    `agent_concurrency` counts messages and docs jobs separately.
    """

    messages_per_minute: int | None = None
    agent_concurrency: int | None = None
