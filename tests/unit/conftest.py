"""The use cases, on in-memory adapters."""

from collections.abc import Callable
from typing import Any

import pytest

from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.attempt import LEASE_MS
from jobs.core.cancel_job import CancelJob
from jobs.core.create_job import CreateJob, NewJob
from jobs.core.job import Job
from jobs.messaging.agent import Agent
from jobs.messaging.ports import Answer
from jobs.messaging.run_agent_job import RunAgentJob
from jobs.sessions.adapters.sqlite import SqliteSessions
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.take_turn import TakeTurn
from tests.databases import Jobs, Registry
from tests.fakes.memory import Outbox
from tests.support import HOUR, NOON
from tests.unit.support import AGENT_ID, FakeProvider, Receipt


@pytest.fixture
def repository(clock) -> Jobs:
    return Jobs(clock)


@pytest.fixture
def registry() -> Registry:
    registry = Registry()
    registry.put_agent("acme", Agent(id=AGENT_ID, name="Ada"))
    return registry


@pytest.fixture
def timers() -> Outbox:
    return Outbox()


@pytest.fixture
def create(repository, clock) -> Any:
    use_case = CreateJob(repository=repository, clock=clock, retention=24 * HOUR)

    def create(**about: Any) -> Job:
        sane = {
            "tenant": "acme",
            "kind": "messaging",
            "request": {"content": "Hello"},
            "timeout": 30_000,
            "idempotency_key": None,
            "request_hash": "h",
        }
        return use_case(NewJob(**sane | about))

    return create


@pytest.fixture
def cancel(repository, clock) -> CancelJob:
    return CancelJob(repository=repository, clock=clock)


@pytest.fixture
def pending(repository, a_job) -> Job:
    repository.add(job := a_job())
    return job


@pytest.fixture
def running(repository, pending) -> Job:
    job = pending.claim(now=NOON, lease=LEASE_MS)
    repository.save(job, replacing=pending)
    return job


@pytest.fixture
def delivery() -> Receipt:
    """A message that has not been delivered yet."""
    return Receipt(0)


@pytest.fixture
def worker(repository, registry, timers, clock) -> Any:
    sessions = SqliteSessions(repository.database, repository, clock)
    find_turn = FindTurn(repository=repository, sessions=sessions)
    turns = TakeTurn(find_turn=find_turn, sessions=sessions, clock=clock)
    shared = {"repository": repository, "agents": registry, "polls": timers, "clock": clock}
    shared |= {"turns": turns, "log": SqliteOutputLog(repository.database)}
    return lambda provider: RunAgentJob(**shared, providers=lambda _: provider)


@pytest.fixture
def run(worker, pending, delivery) -> Any:
    """Attempt the pending job with a provider that gives this answer."""

    def run(answer: Callable[[], Any] | FakeProvider = lambda: Answer("Fine")) -> Any:
        delivery.count += 1
        provider = answer if isinstance(answer, FakeProvider) else FakeProvider(answer)
        return worker(provider)(pending.ref, delivery)

    return run
