"""Timeouts of jobs whose agent workers answer."""

import pytest

from jobs.messaging.agent import Agent
from tests.handlers.conftest import AGENT_ID, TENANT


@pytest.fixture
def agent(world):
    def register(**settings):
        agent = Agent(id=AGENT_ID, name="Own", provider="worker", settings=settings)
        world.registry.put_agent(TENANT, agent)

    return register


def timeout_of(answer) -> int:
    return answer.body["expiresAt"] - answer.body["createdAt"]


@pytest.mark.parametrize(("settings", "fields", "timeout"), [
    ({}, {}, 30_000), ({}, {"timeoutMs": 300_000}, 300_000),
    ({"timeoutSeconds": 3600}, {}, 3_600_000),
    ({"timeoutSeconds": 3600}, {"timeoutMs": 3_600_000}, 3_600_000),
    ({"timeoutSeconds": 3600}, {"timeoutMs": 5_000}, 5_000),
    ({"timeoutSeconds": 10}, {}, 10_000),
])  # fmt: skip
def test_timeout_is_that_of_job_or_agent(create, agent, settings, fields, timeout) -> None:
    agent(**settings)

    assert timeout_of(create(**fields)) == timeout


@pytest.mark.parametrize(("settings", "asked", "longest"), [
    ({}, 300_001, 300_000), ({"timeoutSeconds": 10}, 10_001, 10_000),
    ({"timeoutSeconds": 600}, 600_001, 600_000), ({"timeoutSeconds": 600}, 3_600_001, 300_000),
])  # fmt: skip
def test_longer_timeout_than_agent_allows_is_400(create, agent, settings, asked, longest) -> None:
    agent(**settings)

    answer = create(timeoutMs=asked)

    assert (answer.status, answer.body["error"]) == (400, f"timeoutMs cannot exceed {longest}ms")
