"""Find the agent that a message is for."""

from dataclasses import dataclass

from jobs.core.errors import AgentNotFoundError, NoAgentsError
from jobs.core.ports import Registry
from jobs.messaging.agent import Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseAgent:
    registry: Registry

    def __call__(self, tenant: str, agent_id: str | None) -> Agent:
        """Return the active agent of this id (in any case), or the first where none is named.

        Raises `AgentNotFoundError` or `NoAgentsError`.
        """
        agent = self.registry.find_agent(tenant, agent_id and agent_id.lower())
        if agent is None:
            raise AgentNotFoundError(agent_id) if agent_id else NoAgentsError
        return agent
