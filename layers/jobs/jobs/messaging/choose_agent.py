"""Find the agent of a message."""

from dataclasses import dataclass

from jobs.messaging.agent import Agent
from jobs.messaging.errors import AgentNotFoundError, NoAgentsError
from jobs.messaging.ports import Agents


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseAgent:
    agents: Agents

    def __call__(self, tenant: str, agent_id: str | None) -> Agent:
        """Return the active agent of this id, in any case, or the first one if it is None.

        Raises `AgentNotFoundError` or `NoAgentsError`.
        """
        agent = self.agents.find_agent(tenant, agent_id and agent_id.lower())
        if agent is None:
            raise AgentNotFoundError(agent_id) if agent_id else NoAgentsError
        return agent
