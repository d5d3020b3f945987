"""The streaming apps in a real server, over in-memory ports."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import uvicorn

from jobs.core.job import Job, JobRef
from jobs.core.limit_rate import LimitRate
from jobs.docs.api import stream as docs_stream
from jobs.docs.create_docs_job import CreateDocsJob
from jobs.docs.docs_job import KIND, Project
from jobs.docs.limit_requests import LimitDocsRequests
from jobs.docs.ports import OutputItem
from jobs.docs.tail import Pace, Tail
from jobs.docs.wiring import wiring as docs
from jobs.kit.asgi import CONTEXT_HEADER, make_app
from jobs.kit.errors import UnavailableError
from jobs.sessions.api import stream as sessions_stream
from local.kit.network import bind_port
from scripts.wirings import CORES, forget
from tests.fakes.memory import InMemoryJobRepository
from tests.fakes.memory_docs import InMemoryOutputLog
from tests.fakes.memory_missions import InMemoryRateLimits
from tests.fakes.memory_projects import InMemoryProjects
from tests.support import HOUR, FrozenClock

TENANT, PROJECT = "acme", "docs"
PATH = f"/v1/agent/{PROJECT}/job"
BODY = {"messages": [{"role": "user", "content": "Write"}], "branch": "guides/new"}
QUICKLY = Pace(poll=0.005, idle_poll=0.01, heartbeat=0.05)
SSE = {"Accept": "text/event-stream"}


class WatchedLog(InMemoryOutputLog):
    """Counts reads; fails while `away` is true."""

    def __init__(self) -> None:
        super().__init__()
        self.readings = 0
        self.away = False

    def read(self, ref: JobRef, *, since: int) -> Any:
        self.readings += 1
        if self.away:
            raise UnavailableError
        return super().read(ref, since=since)


@dataclass
class World:
    clock: FrozenClock
    repository: InMemoryJobRepository
    log: WatchedLog = field(default_factory=WatchedLog)
    projects: InMemoryProjects = field(default_factory=InMemoryProjects)
    pace: Pace = QUICKLY

    def append_output(self, job_id: str, *events: Any, end: bool = False) -> None:
        ref = JobRef(tenant=TENANT, kind=KIND, id=job_id)
        number = len(self.log.read(ref, since=1)) + 1
        self.log.append(ref, OutputItem(number=number, events=events, end=end), expires_at=0)

    def job(self, job_id: str) -> Job:
        return self.repository.get(JobRef(tenant=TENANT, kind=KIND, id=job_id))

    def create(self) -> CreateDocsJob:
        rates = LimitRate(limits=InMemoryRateLimits(self.clock))
        return CreateDocsJob(
            repository=self.repository,
            projects=self.projects,
            limit=LimitDocsRequests(repository=self.repository, limit_rate=rates),
            clock=self.clock,
            retention=24 * HOUR,
        )

    def tail(self) -> Tail:
        return Tail(log=self.log, repository=self.repository, clock=self.clock, pace=self.pace)


@pytest.fixture
def world(clock, monkeypatch, rewire) -> Iterator[World]:
    made = World(clock, InMemoryJobRepository(clock))
    for tenant in (TENANT, "other"):
        made.projects.put_project(
            Project(id=PROJECT, tenant=tenant, repository="https://git.example/docs.git")
        )
    create = made.create()
    monkeypatch.setenv("PAYMENTS", "off")
    monkeypatch.setenv("WEBHOOKS_TO_LOOPBACK", "false")
    monkeypatch.setenv("PAYMENTS", "off")
    forget()
    rewire(*CORES, clock=clock, jobs=made.repository)
    rewire(docs, create_docs_job=create)
    rewire(docs, tail=made.tail())
    yield made
    forget()


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """The port of the apps, served as by the function's start script."""
    app = make_app([*docs_stream.ROUTES, *sessions_stream.ROUTES])
    config = uvicorn.Config(app, log_level="error", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    with bind_port(0) as door:
        door.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        yield door.getsockname()[1]
        server.should_exit = server.force_exit = True
        thread.join()


def context(tenant: str = TENANT, scopes: str = "read write", **known: str) -> str:
    return json.dumps({"authorizer": {"tenant": tenant, "scopes": scopes}, **known})


type Ask = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def ask(port: int, world: World) -> Iterator[Ask]:
    """Send a request as the gateway does; return the response, which streams."""
    opened: list[http.client.HTTPConnection] = []

    def ask(method: str, path: str, body: Any = None, **about: Any) -> http.client.HTTPResponse:
        opened.append(http.client.HTTPConnection("127.0.0.1", port, timeout=20))
        headers = {
            CONTEXT_HEADER: context(),
            "Connection": "close",  # with the answer
            "Content-Type": "application/json",
        }
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        opened[-1].request(
            method, path, None if body is None else text, headers | about.get("headers", {})
        )
        return opened[-1].getresponse()

    yield ask
    for each in opened:
        each.close()


@pytest.fixture
def create(ask: Ask) -> Ask:
    """Create a job; return the response, which streams."""
    return lambda **about: ask("POST", PATH, BODY, **about)


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}
