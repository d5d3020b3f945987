"""The published npm client of the original API, unmodified, against the deployed stack."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.api import USER, Api, eventually

BOTH_WAYS = True

COVERED = {
    *("create", "getJob", "list", "health"),
    *("poll", "createAndPoll", "createAndPollWithBackoff", "ask"),
}
QUICKLY = {"interval": 200, "maxAttempts": 150, "onProgress": True}


@pytest.fixture
def call(node: Callable[..., Any], api: Api) -> Callable[..., list[Any]]:
    """Make calls of the client concurrently; return their outcomes."""

    def run(*calls: Any, key: str | None = api.key) -> list[Any]:
        report = node("messaging.mjs", {"baseUrl": api.base_url, "apiKey": key, "calls": calls})
        return list(report["outcomes"])

    return run


def message(content: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"userId": USER, "content": content, **more}


def value(outcome: Any) -> Any:
    assert "value" in outcome, outcome
    return outcome["value"]


def test_client_defaults_and_methods_are_covered_here(node, api) -> None:
    report = node(
        "messaging.mjs",
        {"baseUrl": api.base_url, "apiKey": api.key, "calls": [["jobs", "create", message()]]},
    )

    assert {*report["methods"]} - {"constructor"} == COVERED
    created = value(report["outcomes"][0])
    assert created.keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert created["status"] == "pending"
    assert created["expiresAt"] - created["createdAt"] == report["limits"]["DEFAULT_TIMEOUT_MS"]


def test_created_job_when_polled_returns_its_answer(call, api) -> None:
    metadata = {"source": "npm", "nested": {"list": [1, 2.5, None]}}
    [created] = call(["jobs", "create", message("What is new?", metadata=metadata)])
    job_id = value(created)["jobId"]

    [read, polled] = call(["jobs", "getJob", job_id], ["jobs", "poll", job_id, QUICKLY])

    assert value(read)["jobId"] == job_id
    assert value(polled)["success"] is True
    assert polled["progress"][-1] == [value(polled)["attempts"], "completed"]
    job = value(polled)["job"]
    assert job["result"]["message"]["content"] == job["prompt"] == "What is new?"
    assert job["result"]["message"]["authorId"] == job["agentId"]
    assert job["result"]["processingTimeMs"] >= 0
    assert job["metadata"] == metadata
    assert "error" not in job


def test_create_and_poll_returns_the_answer(call) -> None:
    outcomes = call(
        ["jobs", "createAndPoll", message("One"), QUICKLY],
        ["jobs", "createAndPollWithBackoff", message("Two"), {"initialInterval": 100}],
        ["jobs", "ask", USER, "Three", None, QUICKLY],
    )

    first, second, third = map(value, outcomes)
    assert (first["success"], second["success"]) == (True, True)
    contents = [each["job"]["result"]["message"]["content"] for each in (first, second)]
    assert [*contents, third] == ["One", "Two", "Three"]


def test_job_for_a_named_agent_is_answered_by_it(call, demo) -> None:
    second = "22222222-2222-4222-8222-222222222222"

    [polled, finished] = call(
        ["jobs", "createAndPoll", message("Hello", agentId=second), QUICKLY],
        ["jobs", "ask", USER, "Hello", second, QUICKLY],
        key=demo.key,
    )

    assert value(polled)["job"]["agentId"] == second
    assert value(finished) == "Hello"


def test_failed_and_timed_out_jobs_report_their_errors(call) -> None:
    failing, silent = message("/fail no idea"), message("/silent", timeoutMs=1000)

    *failed, finished, late = call(
        ["jobs", "createAndPoll", failing, QUICKLY],
        ["jobs", "createAndPollWithBackoff", failing, {"initialInterval": 100}],
        ["jobs", "ask", USER, "/fail no idea", None, QUICKLY],
        ["jobs", "createAndPoll", silent, QUICKLY],
    )

    for outcome in failed:
        assert value(outcome)["success"] is False
        assert value(outcome)["job"]["status"] == "failed"
        assert value(outcome)["job"]["error"] == "no idea"
        assert "result" not in value(outcome)["job"]
    assert finished["error"]["message"] == "no idea"
    assert value(late)["success"] is False
    assert value(late)["job"]["status"] == "timeout"
    assert value(late)["job"]["error"] == "Job timed out waiting for agent response"


def test_list_and_health_return_all_jobs_of_the_tenant(call, api) -> None:
    ids = [api.create(), api.create(), api.create("/fail on purpose")]
    for job_id in ids:
        api.until(job_id)
    eventually(api.health, lambda seen: seen["statusCounts"]["completed"] == 2)
    eventually(api.health, lambda seen: seen["statusCounts"]["failed"] == 1)

    everything, limited, failed, health = map(
        value,
        call(
            ["jobs", "list"],
            ["jobs", "list", {"limit": 1}],
            ["jobs", "list", {"status": "failed", "limit": 50}],
            ["jobs", "health"],
        ),
    )

    assert [job["jobId"] for job in everything["jobs"]] == ids[::-1]
    assert (everything["total"], everything["filtered"]) == (3, 3)
    assert (limited["total"], limited["filtered"]) == (3, 1)
    assert [job["jobId"] for job in failed["jobs"]] == ids[2:]
    assert health["healthy"] is True
    assert health["totalJobs"] == 3
    assert health["maxJobs"] == 10_000
    assert health["metrics"]["successRate"] == 0.67
    assert health["metrics"]["failureRate"] == 0.33
    assert isinstance(health["metrics"]["averageProcessingTimeMs"], int)


def test_list_agents_returns_the_tenants_agents(call, demo) -> None:
    [listed] = call(["agents", "listAgents"], key=demo.key)

    agents = value(listed)["agents"]
    assert [agent["name"] for agent in agents] == ["Echo", "Second echo", "Far echo"]
    assert all(agent.keys() == {"id", "name", "characterName", "bio", "status"} for agent in agents)
    assert {agent["status"] for agent in agents} == {"active"}


def test_calls_with_a_wrong_key_raise_the_clients_401(call) -> None:
    outcomes = call(
        ["jobs", "create", message()],
        ["jobs", "ask", USER, "Hello"],
        ["agents", "listAgents"],
        key="wrong",
    )

    for outcome in outcomes:
        assert outcome["error"]["isApiError"] is True
        assert outcome["error"]["status"] == 401


def test_refused_calls_raise_the_clients_error_with_the_status(call) -> None:
    bad, unknown, nobody = call(
        ["jobs", "create", {"userId": USER}],
        ["jobs", "getJob", USER],
        ["jobs", "create", message(agentId=USER)],
    )

    assert [each["error"]["status"] for each in (bad, unknown, nobody)] == [400, 404, 404]
