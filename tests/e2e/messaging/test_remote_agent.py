"""An agent that is another server with the same API: here, this very one."""

from uuid import uuid4

import pytest

from jobs.messaging.agent import Agent
from tests.e2e.api import Api

FAR = "33333333-3333-4333-8333-333333333333"
NEAR = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def far(make_tenant, demo: Api) -> Api:
    """A tenant whose agent is the seeded tenant's, over HTTP."""
    settings = {"baseUrl": demo.base_url, "agentId": NEAR, "apiKeySecret": "sortie/agents/far-echo"}
    return make_tenant(Agent(id=str(uuid4()), name="Far", provider="remote", settings=settings))


def test_a_remote_agent_answers(demo: Api) -> None:
    job_id = demo.create("From afar", agentId=FAR, timeoutMs=60_000)

    job = demo.until(job_id)

    assert (job["status"], job["agentId"]) == ("completed", FAR)
    assert job["result"]["message"]["content"] == "From afar"
    assert job["result"]["message"]["authorId"] == FAR


def test_a_remote_agents_failure_is_the_jobs(demo: Api) -> None:
    job_id = demo.create("/fail the far end is tired", agentId=FAR, timeoutMs=60_000)

    job = demo.until(job_id)

    assert (job["status"], job["error"]) == ("failed", "the far end is tired")


def test_a_remote_agent_may_take_its_time(far: Api, bus_of) -> None:
    with bus_of(far) as bus:
        job_id = far.create("/sleep 3 thought about it", timeoutMs=60_000)

        job = far.until(job_id)

        assert job["result"]["message"]["content"] == "thought about it"
        bus.until(job_id, "PENDING", "RUNNING", "SUCCEEDED")


def test_a_remote_agent_that_says_nothing_times_out(far: Api) -> None:
    job = far.until(far.create("/silent", timeoutMs=3000))

    assert (job["status"], job["error"]) == ("timeout", "Job timed out waiting for agent response")


@pytest.mark.parametrize(("settings", "error"), [
    ({"apiKeySecret": None}, "The remote agent refused the message"),
    ({"agentId": str(uuid4())}, "The remote agent refused the message"),
    ({"baseUrl": "http://127.0.0.1:9"}, "The agent's provider is not available"),
])  # fmt: skip
def test_a_remote_that_is_set_up_wrong_fails_the_job_without_a_word_about_hosts(
    make_tenant, demo: Api, settings: dict, error: str
) -> None:
    right = {"baseUrl": demo.base_url, "agentId": NEAR, "apiKeySecret": "sortie/agents/far-echo"}
    wrong = {name: value for name, value in (right | settings).items() if value is not None}
    api = make_tenant(Agent(id=str(uuid4()), name="Lost", provider="remote", settings=wrong))

    job = api.until(api.create(timeoutMs=60_000))

    assert (job["status"], job["error"]) == ("failed", error)
