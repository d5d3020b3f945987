"""Fixtures of the session handlers."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from pydantic import TypeAdapter

from jobs import kinds
from jobs.core.adapters import messages
from jobs.core.adapters.dynamodb.items import JobItems
from jobs.core.job import Job, JobRef
from jobs.sessions.session import ChatSession
from scripts.openapi.sessions import SESSIONS
from tests.handlers.conftest import AGENT_ID, TENANT, USER_ID, Answer
from tests.support import NOON

SESSION_ID = "019b7963-4a00-7000-8000-00000000c0de"


@pytest.fixture
def opened(world) -> Callable[..., ChatSession]:
    """Store the events' session and return it; pass only the fields that the test needs."""

    def make(**about: Any) -> ChatSession:
        sane: dict[str, Any] = {
            "id": SESSION_ID, "tenant": TENANT, "agent_id": AGENT_ID, "user_id": USER_ID,
            "channel_id": "33333333-3333-4333-8333-333333333333", "metadata": {"platform": "web"},
            "created_at": NOON, "active_at": NOON, "renewed_at": NOON,
        }  # fmt: skip
        session = ChatSession(**sane | about)
        world.sessions.create(session)
        return session

    return make


def declared(endpoint: str, status: int) -> TypeAdapter[Any]:
    """The response type of an endpoint and status in docs/openapi/sessions.json."""
    return TypeAdapter(SESSIONS.operation(endpoint).response_type(status))


@pytest.fixture
def call(invoke) -> Callable[..., Answer]:
    def answer(name: str, **changes: Any) -> Answer:
        made = invoke(f"sessions/{name}", **changes)
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Cache-Control"] == "no-store"
        assert made["headers"]["Access-Control-Allow-Origin"] == "*"
        declared(name, made["statusCode"]).validate_json(made["body"])
        return Answer(HTTPStatus(made["statusCode"]), made["headers"], made["body"])

    return answer


@pytest.fixture
def batch(event) -> Callable[[JobRef], Any]:
    """Return the agent queue's message for this job."""

    def make(ref: JobRef) -> Any:
        made = event("workers/run_agent_job")
        made["Records"][0]["body"] = messages.to_text(ref)
        return made

    return make


@pytest.fixture
def change_to() -> Callable[[Job], Any]:
    """Return the job table's stream record of a job's end."""

    def make(job: Job) -> Any:
        new = JobItems(kinds.storage).header(job, write_id="0")
        old = new | {"status": {"S": "RUNNING"}}
        images = {"NewImage": new, "OldImage": old, "SequenceNumber": "1"}
        return {"Records": [{"eventName": "MODIFY", "dynamodb": images}]}

    return make
