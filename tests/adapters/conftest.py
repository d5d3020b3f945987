"""One contract, every engine."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from moto import mock_aws

from jobs.adapters.dynamodb.counters import DynamoJobCounters
from jobs.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.adapters.dynamodb.registry import DynamoRegistry
from jobs.adapters.memory import InMemoryJobCounters, InMemoryJobRepository, InMemoryRegistry
from jobs.domain.job import Job
from jobs.ports import JobCounters, JobRepository, Registry
from tests.adapters.engines import DynamoDb, client, cloud_of

DYNAMODB = ["moto", "ministack"]
EVERY_ENGINE = ["memory", *DYNAMODB]

settings.register_profile(
    "engines",
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="session")
def cloud(request) -> str:
    """MiniStack's address. Our tables are not the deployed stack's, so none of it interferes."""
    return cloud_of(request)


@pytest.fixture(scope="session")
def ministack(cloud) -> Iterator[DynamoDb]:
    with closing(client("dynamodb", cloud)) as dynamodb:
        yield DynamoDb(dynamodb, remote=True)


@pytest.fixture(scope="session")
def mocked_client() -> Any:
    return client("dynamodb")


@pytest.fixture
def moto(mocked_client) -> Iterator[DynamoDb]:
    with mock_aws():
        yield DynamoDb(mocked_client, remote=False)


@pytest.fixture(params=DYNAMODB)
def engine(request) -> DynamoDb:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=EVERY_ENGINE)
def repository(request, clock) -> JobRepository:
    if request.param == "memory":
        return InMemoryJobRepository(clock)
    engine = request.getfixturevalue(request.param)
    return DynamoJobRepository(engine.client, engine.jobs, clock)


@pytest.fixture
def job_table(engine, clock) -> DynamoJobRepository:
    """The repository where only a table's will do."""
    return DynamoJobRepository(engine.client, engine.jobs, clock)


@pytest.fixture(params=EVERY_ENGINE)
def counters(request, clock) -> JobCounters:
    if request.param == "memory":
        return InMemoryJobCounters(clock)
    engine = request.getfixturevalue(request.param)
    return DynamoJobCounters(engine.client, engine.counters, clock)


@pytest.fixture
def counter_table(engine, clock) -> DynamoJobCounters:
    return DynamoJobCounters(engine.client, engine.counters, clock)


@pytest.fixture(params=EVERY_ENGINE)
def registry(request, clock) -> Registry:
    if request.param == "memory":
        return InMemoryRegistry()
    engine = request.getfixturevalue(request.param)
    return DynamoRegistry(engine.client, engine.registry, clock)


@pytest.fixture
def tenant() -> str:
    """One that nobody else has: the tables are shared."""
    return uuid4().hex


@pytest.fixture
def a_job(a_job, tenant) -> Callable[..., Job]:
    return lambda **about: a_job(**{"tenant": tenant} | about)
