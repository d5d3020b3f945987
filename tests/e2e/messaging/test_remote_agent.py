"""An agent that is another server with the same API: here, the stack itself."""

from uuid import uuid4

from jobs.messaging.agent import Agent
from tests.e2e.api import Api

BOTH_WAYS = True

FAR = "33333333-3333-4333-8333-333333333333"
NEAR = "11111111-1111-4111-8111-111111111111"


def test_slow_remote_agent_completes_the_job(demo: Api, bus_of) -> None:
    with bus_of(demo) as bus:
        job_id = demo.create("/sleep 3 From afar", agentId=FAR, timeoutMs=60_000)

        job = demo.until(job_id)

        assert (job["status"], job["agentId"]) == ("completed", FAR)
        assert job["result"]["message"]["content"] == "From afar"
        assert job["result"]["message"]["authorId"] == FAR
        bus.until(job_id, "PENDING", "RUNNING", "SUCCEEDED")


def test_failing_remote_agent_fails_the_job_with_its_reason(demo: Api) -> None:
    job_id = demo.create("/fail the far end is tired", agentId=FAR, timeoutMs=60_000)

    job = demo.until(job_id)

    assert (job["status"], job["error"]) == ("failed", "the far end is tired")


def test_unreachable_remote_agent_fails_the_job_without_its_address(make_tenant) -> None:
    settings = {
        "baseUrl": "http://127.0.0.1:9",
        "agentId": NEAR,
        "apiKeySecret": "sortie/agents/far-echo",
    }
    api = make_tenant(Agent(id=str(uuid4()), name="Lost", provider="remote", settings=settings))

    job = api.until(api.create(timeoutMs=60_000))

    assert (job["status"], job["error"]) == ("failed", "The agent's provider is not available")
