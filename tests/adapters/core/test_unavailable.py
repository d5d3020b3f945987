"""Throttled and unreachable tables raise `UnavailableError` and change nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from jobs import kinds
from jobs.auth.api_key import ApiKey
from jobs.core.adapters.dynamodb.counters import DynamoJobCounters
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.adapters.dynamodb.usage import DynamoUsage
from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job
from jobs.core.ports import IdempotencyKey, Listing
from jobs.core.usage import Usage, UsageLog, day_of
from jobs.kit.errors import UnavailableError
from jobs.messaging.agent import Agent
from scripts.registry_table import RegistryTable
from tests.adapters.engines import DynamoDb
from tests.fakes.memory import change
from tests.support import HOUR, NOON

TODAY = day_of(NOON)
KEY = IdempotencyKey(value="k", request_hash="a request", expires_at=NOON + HOUR)
LARGE = {"content": "x" * 1000}
FAILURES = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TransactionInProgressException",
    "TransactionConflictException",
    EndpointConnectionError(endpoint_url="the table"),
    ConnectTimeoutError(endpoint_url="the table"),
    ConnectionClosedError(endpoint_url="the table"),
    ReadTimeoutError(endpoint_url="the table"),
]
type Call = Callable[[DynamoDb, Callable[[], int], Job], Any]


def repository(engine: DynamoDb, clock: Any) -> DynamoJobRepository:
    return DynamoJobRepository(engine.client, engine.jobs, clock, kinds.storage)


def counters(engine: DynamoDb, clock: Any) -> DynamoJobCounters:
    return DynamoJobCounters(engine.client, engine.counters, clock)


def usage(engine: DynamoDb, clock: Any) -> DynamoUsage:
    return DynamoUsage(engine.client, engine.counters, clock)


def registry(engine: DynamoDb, clock: Any) -> RegistryTable:
    return RegistryTable(engine.client, engine.registry, clock)


CALLS: dict[str, Call] = {
    "add": lambda e, c, job: repository(e, c).add(job),
    "add with a key": lambda e, c, job: repository(e, c).add(job, KEY),
    "get": lambda e, c, job: repository(e, c).get(job.ref),
    "status_of": lambda e, c, job: repository(e, c).status_of(job.ref),
    "save": lambda e, c, job: repository(e, c).save(job.cancel(now=NOON), replacing=job),
    "renew": lambda e, c, job: repository(e, c).renew(job, lease_until=NOON),
    "newest": lambda e, c, job: repository(e, c).newest(
        Listing(tenant=job.tenant, kind=job.kind, limit=1), known=1
    ),
    "read counts": lambda e, c, job: counters(e, c).read(job.tenant, job.kind),
    "count": lambda e, c, job: counters(e, c).count([change(job, previous=None)]),
    "read usage": lambda e, c, job: usage(e, c).read(job.tenant, first=TODAY, last=TODAY),
    "count usage": lambda e, c, job: usage(e, c).count(
        [
            UsageLog(
                id=job.id,
                entries=[
                    Usage(tenant=job.tenant, day=TODAY, source="webhooks", counts={"attempts": 1})
                ],
            )
        ]
    ),
    "agents": lambda e, c, job: registry(e, c).agents(job.tenant),
    "find_agent": lambda e, c, job: registry(e, c).find_agent(job.tenant, None),
    "key": lambda e, c, job: registry(e, c).key("an id"),
    "put_agent": lambda e, c, job: registry(e, c).put_agent(job.tenant, Agent(id="a", name="A")),
    "put_key": lambda e, c, job: registry(e, c).put_key(ApiKey(id="a", tenant="t", sha256="0")),
}


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_passing_failure_raises_unavailable(moto, clock, a_job, failure) -> None:
    with moto.failing(failure), pytest.raises(UnavailableError):
        CALLS["get"](moto, clock, a_job())


@pytest.mark.parametrize("call", CALLS)
def test_call_during_an_outage_raises_unavailable(moto, clock, a_job, call) -> None:
    with moto.failing("InternalServerError", status=500), pytest.raises(UnavailableError):
        CALLS[call](moto, clock, a_job(request=LARGE))


def test_lasting_failure_raises_the_clients_error(moto, clock, a_job) -> None:
    with moto.failing("AccessDeniedException"), pytest.raises(ClientError, match="AccessDenied"):
        CALLS["add"](moto, clock, a_job())


@pytest.mark.parametrize(
    "failed",
    [({}, 0, None), ({}, 0, KEY), (LARGE, 0, None), (LARGE, 1, KEY)],
    ids=["small", "small with a key", "body", "header with a key"],
)
def test_failed_create_stores_nothing(moto, clock, a_job, failed) -> None:
    request_, after, key = failed
    jobs, job = repository(moto, clock), a_job(request=request_)

    with (
        moto.failing("ThrottlingException", after=after),
        pytest.raises(UnavailableError),
    ):
        jobs.add(job, key)

    with pytest.raises(JobNotFoundError):
        jobs.get(job.ref)
    assert not jobs.newest(Listing(tenant=job.tenant, kind=job.kind, limit=9), known=0).jobs
    again = a_job(id="019b7963-4a00-7000-8000-000000000002", request=request_)
    assert jobs.add(again, key) == again.ref


def test_failed_answer_stores_nothing(moto, clock, a_job) -> None:
    jobs, job = repository(moto, clock), a_job()
    jobs.add(job)
    running = job.claim(now=NOON, lease=HOUR)
    jobs.save(running, replacing=job)

    with moto.failing("ThrottlingException", after=1), pytest.raises(UnavailableError):
        jobs.save(running.succeed(LARGE, now=NOON + 1), replacing=running)

    assert jobs.get(job.ref) == running
    ended = running.succeed({"content": "y" * 1000}, now=NOON + 2)
    jobs.save(ended, replacing=running)
    assert jobs.get(job.ref) == ended


def test_failed_count_counts_nothing(moto, clock, a_job) -> None:
    table, job = counters(moto, clock), a_job()

    with (
        moto.failing("ThrottlingException", operation="TransactWriteItems"),
        pytest.raises(UnavailableError),
    ):
        table.count([change(job, previous=None)])

    assert table.read(job.tenant, job.kind).total == 0
    table.count([change(job, previous=None)])
    assert table.read(job.tenant, job.kind).total == 1
