"""Workers over HTTP: programs of a tenant's own answer for its agent."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from jobs.auth.authenticate import new_key
from jobs.messaging.agent import Agent
from tests.e2e.api import JOBS, USER, Answer, Api, eventually
from tests.e2e.on_server import Operator
from tests.shared_stack import SERVER

BOTH_WAYS = True
SESSIONS = "/api/messaging/sessions"
LARGE = "Good evening. " * 2_000
"""An item of its own in the job table."""


@dataclass(frozen=True)
class Program:
    """A program with a worker's key."""

    api: Api
    agent: str
    key: str

    def post(self, path: str, **body: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        where = Api(self.api.base_url, None, self.api.tenant)
        return where.send("POST", f"/workers/{path}", json.dumps(body).encode(), headers)

    def claim(self, wait_s: int = 20) -> Any:
        """Claim the next job, which comes soon."""
        return eventually(partial(self._claim, wait_s), bool)[0]

    def _claim(self, wait_s: int) -> Any:
        answer = self.post("claim", agents=[self.agent], waitSeconds=wait_s)
        assert answer.status == 200, answer
        return answer.json["jobs"]

    def send(self, job: Any, verb: str, **body: Any) -> Answer:
        return self.post(f"jobs/{job['jobId']}/{verb}", attempt=job["attempt"], **body)


def read_stream(api: Api, job_id: str) -> str:
    """Return the text that readers of an ended job's stream get: its pieces, then the rest."""
    answer = api.get(f"{JOBS}/{job_id}/stream")
    chunks = [
        json.loads(line.removeprefix("data: "))
        for line in answer.body.decode().splitlines()
        if line.startswith("data: {")
    ]
    assert {"type": "data-restarted", "data": {}} not in chunks
    return "".join(each["delta"] for each in chunks if each["type"] == "text-delta")


@pytest.fixture(scope="module")
def make_program(request, way, stack, make_tenant) -> Callable[[], Program]:
    def make() -> Program:
        agent = Agent(id=str(uuid4()), name="Own code", provider="worker")
        api = make_tenant(agent)
        if way == SERVER:
            key = Operator(stack).make_key(api.tenant, api="workers", agents=[agent.id])
        else:
            key, stored = new_key(api.tenant, opens="workers", scopes=[agent.id])
            request.getfixturevalue("registry").put_key(stored)
        return Program(api, agent.id, key)

    return make


@pytest.fixture
def program(make_program) -> Program:
    return make_program()


def test_worker_answers_the_messages_of_a_session_in_turn(program) -> None:
    made = program.api.post(SESSIONS, {"agentId": program.agent, "userId": USER})
    messages = f"{SESSIONS}/{made.json['sessionId']}/messages"
    for text in ("One", "Two"):
        assert program.api.post(messages, {"content": text}).status == 201

    first = program.claim()
    assert (first["content"], first["history"], first["attempt"]) == ("One", [], 1)
    spoken = program.send(first, "heartbeat", progress={"percent": 50}, number=1, output="Good ")
    assert spoken.status == 200
    assert program.api.job(first["jobId"])["progress"] == {"percent": 50}
    answer = program.send(first, "complete", content=LARGE, number=2, output="evening. ")
    assert answer.json == {"status": "completed"}
    second = program.claim()

    assert read_stream(program.api, first["jobId"]) == LARGE
    assert second["content"] == "Two"
    assert [each["role"] for each in second["history"]] == ["user", "assistant"]
    assert program.send(second, "complete", content="Fine").status == 200
    told = program.api.get(messages).json["messages"]
    assert [each["content"] for each in told] == ["Fine", LARGE, "Two", "One"]


def test_worker_has_a_job_retried_then_fails_it(program) -> None:
    job_id = program.api.create("Later")

    first = program.claim()
    retried = program.send(first, "fail", error="busy", retryable=True, retryAfterSeconds=0)
    second = program.claim()

    assert retried.json["status"] == "processing"
    assert second["attempt"] == 2
    assert program.send(first, "heartbeat").json["code"] == "STALE_ATTEMPT"
    assert program.send(second, "fail", error="never").json == {"status": "failed"}
    assert program.api.job(job_id)["error"] == "never"


def test_job_of_another_tenant_is_unknown_to_a_worker(program, make_program) -> None:
    program.api.create("Mine")
    job = program.claim()
    other = make_program()

    assert other.send(job, "complete", content="Theirs").json["code"] == "JOB_NOT_FOUND"
    answer = other.post("claim", agents=[program.agent], waitSeconds=0)

    assert answer.json["code"] == "AGENT_NOT_ALLOWED"
    assert program.send(job, "complete", content="Ours").status == 200


@pytest.mark.parametrize("key", ["", "worker_000000000000_" + "x" * 43, "mint_000000000000_x"])
def test_worker_without_valid_key_is_refused(program, key) -> None:
    stranger = Program(program.api, program.agent, key)

    assert stranger.post("claim", agents=[program.agent]).error[0] == 401
