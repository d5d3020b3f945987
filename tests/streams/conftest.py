"""The streaming apps in a real server, over in-memory ports."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import uuid4

import pytest
import uvicorn

from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.job import Job, JobRef
from jobs.core.limit_rate import LimitRate
from jobs.core.pace import Pace
from jobs.core.tail import Tail
from jobs.docs.adapters.sqlite import SqliteChats, SqliteDocsJobs, SqliteProjects
from jobs.docs.api import stream as docs_stream
from jobs.docs.create_docs_job import CreateDocsJob
from jobs.docs.docs_job import KIND, Project
from jobs.docs.find_end import FindEnd
from jobs.docs.limit_requests import LimitDocsRequests
from jobs.docs.wiring import wiring as docs
from jobs.kit.asgi import CONTEXT_HEADER, make_app
from jobs.kit.errors import UnavailableError
from jobs.kit.output.events import OutputItem
from jobs.messaging.wiring import wiring as messaging
from jobs.payments.api import message_stream
from jobs.sessions.api import stream as sessions_stream
from local.kit.network import bind_port
from scripts.wirings import CORES, forget
from tests.databases import Jobs, empty_database
from tests.support import HOUR, FrozenClock

TENANT, PROJECT = "acme", "docs"
PATH = f"/v1/agent/{PROJECT}/job"
BODY = {"messages": [{"role": "user", "content": "Write"}], "branch": "guides/new"}
QUICKLY = Pace(poll=0.005, idle_poll=0.01, heartbeat=0.05, check=0.05)
SSE = {"Accept": "text/event-stream"}


class WatchedLog(SqliteOutputLog):
    """Counts reads; fails while `away` is true."""

    def __init__(self) -> None:
        super().__init__(empty_database())
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
    repository: Jobs
    log: WatchedLog = field(default_factory=WatchedLog)
    projects: SqliteProjects = field(default_factory=lambda: SqliteProjects(empty_database()))
    chats: SqliteChats = field(default_factory=lambda: SqliteChats(empty_database()))
    pace: Pace = QUICKLY
    appended: Counter[str] = field(default_factory=Counter)

    def append_output(self, job_id: str, *events: Any, end: bool = False) -> None:
        ref = JobRef(tenant=TENANT, kind=KIND, id=job_id)
        self.appended[job_id] += 1
        item = OutputItem(number=self.appended[job_id], events=events, end=end)
        self.log.append(ref, item, expires_at=0)

    def job(self, job_id: str) -> Job:
        return self.repository.get(JobRef(tenant=TENANT, kind=KIND, id=job_id))

    def create(self) -> CreateDocsJob:
        rates = LimitRate(limits=SqliteRateLimits(empty_database(), self.clock))
        return CreateDocsJob(
            repository=self.repository,
            projects=self.projects,
            chats=self.chats,
            limit=LimitDocsRequests(repository=self.repository, limit_rate=rates),
            clock=self.clock,
            retention=24 * HOUR,
        )

    def tail(self) -> Tail:
        jobs = SqliteDocsJobs(self.repository.database, self.repository, self.clock)
        find_end = FindEnd(log=self.log, jobs=jobs, clock=self.clock)
        return Tail(log=self.log, find_end=find_end, pace=self.pace)


@pytest.fixture
def world(clock, monkeypatch, rewire) -> Iterator[World]:
    made = World(clock, Jobs(clock))
    for tenant in (TENANT, "other"):
        made.projects.put_project(
            Project(id=PROJECT, tenant=tenant, repository="https://git.example/docs.git")
        )
    create = made.create()
    monkeypatch.setenv("PAYMENTS", "off")
    monkeypatch.setenv("WEBHOOKS_TO_LOOPBACK", "false")
    monkeypatch.setenv("PAYMENTS", "off")
    forget()
    rewire(*CORES, clock=clock, jobs=made.repository, output_log=made.log)
    rewire(messaging, follow_answer=replace(messaging.follow_answer, pace=QUICKLY))
    rewire(docs, create_and_send=create, projects=made.projects, chats=made.chats)
    rewire(docs, tail=made.tail())
    yield made
    forget()


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """The port of the apps, served as by the function's start script."""
    app = make_app([*docs_stream.ROUTES, *message_stream.ROUTES, *sessions_stream.ROUTES])
    config = uvicorn.Config(app, log_level="error", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    with bind_port(0) as door:
        door.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        yield door.getsockname()[1]
        server.should_exit = server.force_exit = True
        thread.join()


KEY_ID: Final = "0123456789ab"


def context(tenant: str = TENANT, scopes: str = "read write", **known: str) -> str:
    caller = {"tenant": tenant, "keyId": KEY_ID, "scopes": scopes}
    return json.dumps({"authorizer": caller, **known})


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
