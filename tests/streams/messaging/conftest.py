"""The streams of the messaging API, with an echo agent that runs in threads of this process."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from jobs.auth.api_key import PAYERS
from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.adapters.sqlite.tenant_limits import SqliteTenantLimits
from jobs.core.create_job import NewJob
from jobs.core.job import Job, JobRef
from jobs.kit.output.events import OutputItem
from jobs.messaging.adapters.providers.echo import EchoProvider
from jobs.messaging.adapters.sqlite import SqliteChats
from jobs.messaging.agent import Agent
from jobs.messaging.message import KIND
from jobs.messaging.run_agent_job import RunAgentJob
from jobs.messaging.wiring import wiring as messaging
from jobs.sessions.adapters.sqlite import SqliteSessions
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.take_turn import TakeTurn
from tests.databases import Registry, empty_database
from tests.fakes.memory import Outbox
from tests.streams.conftest import TENANT, World
from tests.support import NOON
from tests.unit.support import AGENT_ID, Receipt

JOBS = "/api/messaging/jobs"
CHAT = "/api/messaging/chat"
USER_ID = "22222222-2222-4222-8222-222222222222"


class Provider(EchoProvider):
    """Remembers the questions."""

    def __init__(self) -> None:
        self.questions: list[Any] = []

    def ask(self, agent: Agent, question: Any) -> Any:
        self.questions.append(question)
        return super().ask(agent, question)


class Agents:
    """`create` stores a job, which an agent answers at once, unless `away` is true."""

    def __init__(self, world: World, registry: Registry) -> None:
        self.away = False
        self.provider = Provider()
        self.threads: list[Thread] = []
        sessions = SqliteSessions(world.repository.database, world.repository, world.clock)
        find_turn = FindTurn(repository=world.repository, sessions=sessions)
        self._world = world
        self._run = RunAgentJob(
            repository=world.repository,
            agents=registry,
            providers=lambda _: self.provider,
            polls=Outbox(),
            turns=TakeTurn(find_turn=find_turn, sessions=sessions, clock=world.clock),
            log=world.log,
            clock=world.clock,
        )

    def create(self, new: NewJob) -> Job:
        job = replace(messaging.core.create_job, shards=1)(new)
        if not self.away and not job.attempt:
            self.threads.append(Thread(target=self._run, args=(job.ref, Receipt(1)), daemon=True))
            self.threads[-1].start()
        self._world.clock.advance(1)  # so that ids are in order
        return job

    def append(self, job_id: str, number: int, *events: Any, end: bool = False) -> None:
        ref = JobRef(tenant=TENANT, kind=KIND, id=job_id)
        item = OutputItem(number=number, events=events, end=end, attempt=1)
        self._world.log.append(ref, item, expires_at=NOON)


@pytest.fixture
def agents(world, monkeypatch, rewire) -> Iterator[Agents]:
    registry = Registry(world.clock)
    for tenant in (TENANT, PAYERS):
        registry.put_agent(tenant, Agent(id=AGENT_ID, name="Echo"))
    made = Agents(world, registry)
    monkeypatch.setenv("MESSAGES_PER_MINUTE", "1000")
    monkeypatch.setenv("RETENTION_HOURS", "24")
    monkeypatch.setenv("TENANT_SHARDS", "1")
    monkeypatch.setenv("DEFAULT_TIMEOUT_MS", "30000")
    monkeypatch.setenv("KEYS_ARE_FREE", "false")
    rewire(
        messaging.core,
        rate_limits=SqliteRateLimits(empty_database(), world.clock),
        tenant_limits=SqliteTenantLimits(empty_database()),
    )
    rewire(messaging, agents=registry, chats=SqliteChats(world.repository.database))
    rewire(messaging, create_and_send=made.create)
    yield made
    for each in made.threads:
        each.join(10)


@pytest.fixture
def create(agents) -> Callable[..., Job]:
    """Create a job as the messaging API does."""

    def create(content: str = "Hello", **about: Any) -> Job:
        request = {"agentId": AGENT_ID, "userId": USER_ID, "content": content, "metadata": {}}
        sane: dict[str, Any] = {
            "tenant": TENANT, "kind": KIND, "request": request, "timeout": 30_000,
            "idempotency_key": None, "request_hash": "h",
        }  # fmt: skip
        job: Job = agents.create(NewJob(**sane | about))
        return job

    return create


def message(text: str, id_: str = "m1", role: str = "user") -> dict[str, Any]:
    return {"id": id_, "role": role, "parts": [{"type": "text", "text": text}]}


def chat_body(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "Yj2kLm9", "trigger": "submit-message", "messages": [*messages], **fields}


def chunks(answer: http.client.HTTPResponse) -> list[tuple[str, Any]]:
    """Return ids and data of the events, without comments."""
    events = [event for event in answer.read().decode().split("\n\n") if event.startswith("id: ")]
    pairs = [event.removeprefix("id: ").split("\ndata: ") for event in events]
    return [(place, data if data == "[DONE]" else json.loads(data)) for place, data in pairs]


def text_of(read: list[tuple[str, Any]]) -> str:
    return "".join(chunk["delta"] for _, chunk in read if "delta" in chunk)


def error_in(answer: http.client.HTTPResponse) -> tuple[int, str, str]:
    body = json.loads(answer.read())
    assert body["success"] is False
    return answer.status, body["code"], body["error"]
