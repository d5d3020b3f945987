"""Fixtures of the documentation agents' API: projects of two organisations."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from pydantic import TypeAdapter

from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.job import Job
from jobs.docs.adapters.sqlite import SqliteChats, SqliteProjects
from jobs.docs.docs_job import Project
from jobs.docs.wiring import wiring as docs
from scripts.openapi.docs import DOCS
from scripts.wirings import CORES
from tests.databases import empty_database
from tests.handlers.conftest import TENANT, Answer

JOB = "019b7963-4a00-7000-8000-000000000001"
REPOSITORY = "https://git.example/demo/docs.git"


@pytest.fixture(autouse=True)
def projects(world, rewire) -> SqliteProjects:
    made, limits = SqliteProjects(empty_database()), SqliteRateLimits(empty_database(), world.clock)
    for tenant, project in ((TENANT, "demo-docs"), (TENANT, "other"), ("rival", "theirs")):
        made.put_project(
            Project(id=project, tenant=tenant, repository=REPOSITORY, subdomain="demo")
        )
    rewire(docs, projects=made)
    rewire(docs, docs_jobs=world.docs_jobs, chats=SqliteChats(world.repository.database))
    rewire(*CORES, rate_limits=limits)
    return made


@cache
def declared(endpoint: str, status: int) -> TypeAdapter[Any]:
    """The response type of an endpoint and status in docs/openapi/docs.json."""
    return TypeAdapter(DOCS.operation(endpoint).response_type(status))


@pytest.fixture
def call(invoke) -> Callable[..., Answer]:
    """Call a handler with its example event, with changes to the first level of the event."""

    def answer(name: str, *, json_body: Any = None, **changes: Any) -> Answer:
        if json_body is not None:
            changes["body"] = json.dumps(json_body)
        made = invoke(f"docs/{name}", **changes)
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Cache-Control"] == "no-store"
        assert made["headers"]["Access-Control-Allow-Origin"] == "*"
        assert declared(name, made["statusCode"]).validate_json(made["body"])
        return Answer(made["statusCode"], made["headers"], made["body"])

    return answer


@pytest.fixture
def stored(world, a_docs_job) -> Callable[..., Job]:
    """Store a job of the events' organisation and project, and return it."""

    def store(**about: Any) -> Job:
        job = a_docs_job(**{"tenant": TENANT} | about)
        world.repository.add(job)
        return job

    return store
