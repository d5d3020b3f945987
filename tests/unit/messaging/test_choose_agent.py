"""The choice of a message's agent."""

import pytest

from jobs.messaging.agent import Agent
from jobs.messaging.choose_agent import ChooseAgent
from jobs.messaging.errors import AgentNotFoundError, NoAgentsError
from tests.databases import Registry


def test_choose_agent_by_id_ignores_case_and_defaults_to_first() -> None:
    registry = Registry()
    choose = ChooseAgent(agents=registry)
    ada = Agent(id="aaaaaaaa-1111-4111-8111-111111111111", name="Ada", order=1)
    ben = Agent(id="bbbbbbbb-1111-4111-8111-111111111111", name="Ben", order=0)
    with pytest.raises(NoAgentsError):
        choose("acme", None)
    registry.put_agent("acme", ada)
    registry.put_agent("acme", ben)

    assert choose("acme", None) == ben
    assert choose("acme", ada.id.upper()) == ada
    with pytest.raises(AgentNotFoundError, match=r"^Agent CCC not found$"):
        choose("acme", "CCC")
    with pytest.raises(AgentNotFoundError):
        choose("rival", ada.id)
