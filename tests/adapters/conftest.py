"""Fixtures: one contract for every engine."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from moto import mock_aws

from jobs import kinds
from jobs.core.adapters.dynamodb.counters import DynamoJobCounters
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.adapters.dynamodb.rate_limits import DynamoRateLimits
from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.job import Job
from jobs.core.ports import JobCounters, JobRepository, RateLimits
from jobs.docs.adapters.dynamodb.chats import DynamoChats
from jobs.docs.adapters.dynamodb.jobs import DynamoDocsJobs
from jobs.docs.adapters.dynamodb.projects import DynamoProjects
from jobs.docs.adapters.sqlite import SqliteChats, SqliteDocsJobs, SqliteProjects
from jobs.docs.ports import Chats, DocsJobs
from jobs.kit.clock import Clock
from jobs.kit.sqlite.database import Database
from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.payments.adapters.records import DynamoPayments
from jobs.payments.adapters.sqlite import SqlitePayments
from jobs.payments.ports import Payments
from jobs.sessions.adapters.jobs import DynamoChatJobs
from jobs.sessions.adapters.sessions import DynamoSessions
from jobs.sessions.adapters.sqlite import SqliteChatJobs, SqliteSessions
from jobs.sessions.ports import Sessions
from scripts.registry_table import RegistryTable
from tests.adapters.engines import DynamoDb, client, cloud_of
from tests.adapters.moto_transactions import copy_changed_items_only
from tests.adapters.query_plans import only_indexed_statements
from tests.certificates import new_certificate
from tests.databases import Registry, empty_database
from tests.fakes.memory_missions import InMemoryFleetRegistry

DYNAMODB = ["moto", "ministack"]
EVERY_ENGINE = ["sqlite", *DYNAMODB]

settings.register_profile(
    "engines",
    deadline=None,
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="session")
def cloud(request) -> str:
    """Return MiniStack's address. The tests' tables are not those of the deployed stack."""
    return cloud_of(request)


@pytest.fixture(scope="session")
def ministack(cloud) -> Iterator[DynamoDb]:
    with closing(client("dynamodb", cloud)) as dynamodb:
        yield DynamoDb(dynamodb, remote=True)


@pytest.fixture(scope="session")
def mocked_client() -> Any:
    return client("dynamodb")


@pytest.fixture(scope="module")
def moto(mocked_client) -> Iterator[DynamoDb]:
    """Return moto, with tables that the tests of a module share, as in MiniStack."""
    copy_changed_items_only()
    with mock_aws():
        yield DynamoDb(mocked_client, remote=False)


@pytest.fixture(params=DYNAMODB)
def engine(request) -> DynamoDb:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=EVERY_ENGINE)
def any_engine(request) -> Database | DynamoDb:
    return request.getfixturevalue(request.param)


@pytest.fixture
def sqlite() -> Iterator[Database]:
    with closing(empty_database()) as database, only_indexed_statements(database):
        yield database


@pytest.fixture
def repository(any_engine, clock) -> JobRepository:
    if isinstance(any_engine, Database):
        return SqliteJobRepository(any_engine, clock, kinds.storage)
    return job_table_of(any_engine, clock)


@pytest.fixture
def docs_jobs(any_engine, clock, repository) -> DocsJobs:
    """The follow-ups and lists of docs jobs, in the same repository."""
    if isinstance(any_engine, Database):
        return SqliteDocsJobs(any_engine, repository, clock)
    return DynamoDocsJobs(any_engine.client, any_engine.jobs, clock)


@pytest.fixture
def chats(any_engine) -> Chats:
    if isinstance(any_engine, Database):
        return SqliteChats(any_engine)
    return DynamoChats(any_engine.client, any_engine.jobs)


@pytest.fixture
def chat_jobs(any_engine, clock) -> JobRepository:
    """The same jobs, for workers that store agents' answers."""
    if isinstance(any_engine, Database):
        return SqliteChatJobs(any_engine, clock, kinds.storage)
    return DynamoChatJobs(
        any_engine.client, any_engine.jobs, any_engine.sessions, clock, kinds.storage
    )


@pytest.fixture
def sessions(any_engine, clock, repository) -> Sessions:
    if isinstance(any_engine, Database):
        return SqliteSessions(any_engine, repository, clock)
    return DynamoSessions(any_engine.client, any_engine.sessions, any_engine.jobs, clock)


@pytest.fixture
def counters(any_engine, clock) -> JobCounters:
    if isinstance(any_engine, Database):
        return SqliteJobCounters(any_engine, clock)
    return counter_table_of(any_engine, clock)


@pytest.fixture
def registry(any_engine, clock) -> RegistryTable | Registry:
    if isinstance(any_engine, Database):
        return Registry(clock, any_engine)
    return RegistryTable(any_engine.client, any_engine.registry, clock)


@pytest.fixture
def fleet_registry(any_engine, clock) -> DynamoFleetRegistry | InMemoryFleetRegistry:
    if isinstance(any_engine, Database):
        return InMemoryFleetRegistry()
    return DynamoFleetRegistry(any_engine.client, any_engine.registry, clock)


@pytest.fixture
def projects(any_engine, clock) -> DynamoProjects | SqliteProjects:
    if isinstance(any_engine, Database):
        return SqliteProjects(any_engine)
    return DynamoProjects(any_engine.client, any_engine.registry, clock)


@pytest.fixture
def rate_limits(any_engine, clock) -> RateLimits:
    if isinstance(any_engine, Database):
        return SqliteRateLimits(any_engine, clock)
    return DynamoRateLimits(any_engine.client, any_engine.missions, clock)


@pytest.fixture
def payments(any_engine, clock) -> Payments:
    if isinstance(any_engine, Database):
        return SqlitePayments(any_engine, clock)
    return DynamoPayments(any_engine.client, any_engine.payments, clock)


@pytest.fixture
def job_table(engine, clock) -> DynamoJobRepository:
    """The repository, for tests of the DynamoDB table alone."""
    return job_table_of(engine, clock)


@pytest.fixture
def counter_table(engine, clock) -> DynamoJobCounters:
    return counter_table_of(engine, clock)


def job_table_of(engine: DynamoDb, clock: Clock) -> DynamoJobRepository:
    return DynamoJobRepository(engine.client, engine.jobs, clock, kinds.storage)


def counter_table_of(engine: DynamoDb, clock: Clock) -> DynamoJobCounters:
    return DynamoJobCounters(engine.client, engine.counters, clock)


@pytest.fixture
def tenant() -> str:
    """A unique tenant, because tests share the tables."""
    return uuid4().hex


@pytest.fixture
def a_job(a_job, tenant) -> Callable[..., Job]:
    return lambda **about: a_job(**{"tenant": tenant} | about)


@pytest.fixture(scope="module")
def certified(tmp_path_factory) -> Callable[[str], tuple[ssl.SSLContext, ssl.SSLContext]]:
    """Return TLS contexts: a server with a certificate for this name, a client that trusts it."""

    def make(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        file: Path = tmp_path_factory.mktemp("tls") / "certificate.pem"
        file.write_bytes(new_certificate(name))
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(file)
        return server, ssl.create_default_context(cafile=file)

    return make
