"""Fixtures of the handlers of workers."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from pydantic import TypeAdapter

from jobs.core.job import Job
from jobs.messaging.message import WorkerTask, with_task
from scripts.openapi.agent_workers import AGENT_WORKERS
from tests.handlers.conftest import TENANT, Answer

AGENT = "55555555-5555-4555-8555-555555555555"
JOB_ID = "019b7963-4a00-7000-8000-000000000002"


@pytest.fixture
def queued(world, a_job) -> Callable[..., Job]:
    """Store the events' job, which waits for workers; pass only the fields that a test needs."""

    def store(**about: Any) -> Job:
        sane = {
            "id": JOB_ID, "tenant": TENANT, "request": a_job().request | {"agentId": AGENT},
        }  # fmt: skip
        new = a_job(**sane | about)
        world.repository.add(new)
        job = with_task(new, WorkerTask(max_attempts=5)).enqueue(now=world.clock())
        world.repository.save(job, replacing=new)
        return job

    return store


@pytest.fixture
def claimed(world, queued) -> Callable[..., Job]:
    """Store the events' job, as a worker has claimed it."""

    def store(**about: Any) -> Job:
        job = queued(**about)
        held = job.claim(now=world.clock(), lease=10_000)
        world.repository.save(held, replacing=job)
        return held

    return store


def declared(endpoint: str, status: int) -> TypeAdapter[Any]:
    """The response type of an endpoint and status in docs/openapi/agent_workers.json."""
    return TypeAdapter(AGENT_WORKERS.operation(endpoint).response_type(status))


@pytest.fixture
def call(invoke) -> Callable[..., Answer]:
    def answer(name: str, **changes: Any) -> Answer:
        made = invoke(f"agent_workers/{name}", **changes)
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Cache-Control"] == "no-store"
        declared(name, made["statusCode"]).validate_json(made["body"])
        return Answer(HTTPStatus(made["statusCode"]), made["headers"], made["body"])

    return answer
