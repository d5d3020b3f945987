"""Handlers over fake ports, on the AWS events of `sam local invoke -e`."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter

from jobs.agent_workers.adapters.sqlite import SqliteClaimableJobs
from jobs.agent_workers.wiring import wiring as agent_workers
from jobs.auth.wiring import wiring as auth
from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.adapters.sqlite.tenant_limits import SqliteTenantLimits
from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.core.job import Job
from jobs.docs.adapters.sqlite import SqliteDocsJobs
from jobs.job_requests.wiring import wiring as job_requests
from jobs.kit import lambda_handler as runtime
from jobs.messaging.agent import Agent
from jobs.messaging.wiring import wiring as messaging
from jobs.missions.wiring import wiring as missions
from jobs.sessions.adapters.sqlite import SqliteSessions
from jobs.sessions.wiring import wiring as sessions_wiring
from jobs.webhooks.adapters.sqlite import (
    SqliteDeliveryLog,
    SqlitePlaces,
    SqliteReceivers,
    SqliteSubscriptions,
)
from jobs.webhooks.wiring import wiring as webhooks
from scripts.openapi.messaging import MESSAGING
from scripts.wirings import CORES, forget
from tests.databases import Jobs, Registry, Slots
from tests.fakes.memory import Outbox
from tests.support import FrozenClock

EVENTS = Path(__file__).parents[2] / "events"
TENANT = "demo"
USER_ID = "99999999-9999-4999-8999-999999999999"
AGENT_ID = "11111111-1111-4111-8111-111111111111"
SETTINGS = {
    "AGENT_TENANT_CONCURRENCY": "2",
    "AGENT_QUEUE_URL": "https://sqs.example/agents",
    "CURSOR_SECRET_ARN": "cursor",
    "DEADLINE_QUEUE_URL": "https://sqs.example/deadlines",
    "DEFAULT_TIMEOUT_MS": "30000",
    "DOCS_QUEUE_URL": "https://sqs.example/docs",
    "EVENT_BUS": "bus",
    "MESSAGES_PER_MINUTE": "1000",
    "MISSION_CHECK_QUEUE_URL": "https://sqs.example/mission-checks",
    "PAYMENTS": "off",
    "PAYMENT_CHECK_QUEUE_URL": "https://sqs.example/payment-checks",
    "RETENTION_HOURS": "24",
    "STACK_NAME": "sortie-dev",
    "TENANT_SHARDS": "1",
    "UPDATE_QUEUE_URL": "https://sqs.example/updates",
    "WEBHOOKS_TO_LOOPBACK": "false",
    "WEBHOOK_DEAD_LETTER_QUEUE_URL": "https://sqs.example/webhook-dead-letters",
    "WEBHOOK_QUEUE_ARN": "arn:aws:sqs:eu-central-1:123456789012:webhooks",
    "WEBHOOK_QUEUE_URL": "https://sqs.example/webhooks",
    "WEBHOOK_SECRETS": "sortie/webhooks/",
}


class Queues:
    """The part of SQS that handlers use."""

    def __init__(self) -> None:
        self.calls = 0
        self.sent: list[Any] = []
        self.groups: list[str] = []
        self.delays: list[int] = []
        self.held: list[tuple[str, int]] = []

    def send_message(self, **request: Any) -> None:
        self.send_message_batch(Entries=[request])
        self.delays.append(request.get("DelaySeconds", 0))

    def send_message_batch(self, **request: Any) -> Any:
        self.calls += 1
        self.sent += [json.loads(each["MessageBody"]) for each in request["Entries"]]
        self.groups += [each["MessageGroupId"] for each in request["Entries"]]
        return {}

    def change_message_visibility(self, **request: Any) -> None:
        self.held.append((request["ReceiptHandle"], request["VisibilityTimeout"]))


class Bus:
    """The part of EventBridge that handlers use."""

    def __init__(self) -> None:
        self.details: list[Any] = []
        self.types: list[str] = []

    def put_events(self, **request: Any) -> Any:
        self.types += [entry["DetailType"] for entry in request["Entries"]]
        self.details += [json.loads(entry["Detail"]) for entry in request["Entries"]]
        return {"Entries": [{"EventId": "an id"} for _ in request["Entries"]]}


@dataclass
class World:
    """The adapters behind the handlers. `meanwhile` runs whenever a handler sleeps."""

    clock: FrozenClock
    timers: Outbox = field(default_factory=Outbox)
    queues: Queues = field(default_factory=Queues)
    bus: Bus = field(default_factory=Bus)
    meanwhile: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.repository = Jobs(self.clock)
        database = self.repository.database
        self.docs_jobs = SqliteDocsJobs(database, self.repository, self.clock)
        self.counters = SqliteJobCounters(database, self.clock)
        self.usage = SqliteUsage(database, self.clock)
        self.registry = Registry(self.clock, database)
        self.sessions = SqliteSessions(database, self.repository, self.clock)
        self.rate_limits = SqliteRateLimits(database, self.clock)
        self.tenant_limits = SqliteTenantLimits(database)
        self.slots = Slots(self.clock, database)
        self.output_log = SqliteOutputLog(database)
        self.subscriptions = SqliteSubscriptions(database)
        self.deliveries = SqliteDeliveryLog(database, self.clock)
        self.receivers = SqliteReceivers(database, self.clock)
        self.places = SqlitePlaces(database, self.clock, limit=1)

    def sleep(self, seconds: float) -> None:
        self.clock.advance(round(seconds * 1000))
        self.meanwhile()

    def read_stream(self) -> None:
        self.counters.count(self.repository.changes)


@pytest.fixture(autouse=True)
def world(clock, monkeypatch, rewire) -> Iterator[World]:
    made = World(clock)
    made.registry.put_agent(TENANT, Agent(id=AGENT_ID, name="Echo", bio="Answers."))
    forget()
    rewire(
        *CORES,
        auth,
        aws=SimpleNamespace(sqs=made.queues, hasty_sqs=made.queues, events=made.bus),
        clock=clock,
    )
    rewire(
        *CORES,
        sleep=made.sleep,
        jobs=made.repository,
        counters=made.counters,
        usage=made.usage,
        timers=made.timers,
        rate_limits=made.rate_limits,
        tenant_limits=made.tenant_limits,
        slots=made.slots,
        hasty_slots=made.slots,
        output_log=made.output_log,
        secrets=SimpleNamespace(read=str),
    )
    rewire(agent_workers, claimable=SqliteClaimableJobs(made.repository.database, clock))
    rewire(job_requests, aws=SimpleNamespace(events=made.bus))
    rewire(auth, api_keys=made.registry, key_uses=made.registry)
    rewire(messaging, agents=made.registry, polls=made.timers)
    rewire(missions, partners=made.registry)
    rewire(sessions_wiring, repository=made.repository, sessions=made.sessions)
    rewire(
        webhooks,
        subscriptions=made.subscriptions,
        delivery_log=made.deliveries,
        receivers=made.receivers,
        places=made.places,
    )
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    yield made
    forget()


@pytest.fixture
def stored(world, a_job) -> Callable[..., Job]:
    """Store a job of the events' tenant and return it; pass only the fields that the test needs."""

    def store(**about: Any) -> Job:
        job = a_job(**{"tenant": TENANT} | about)
        world.repository.add(job)
        return job

    return store


@pytest.fixture
def event() -> Callable[..., Any]:
    """Load events/<name>.json, with changes to its first level."""

    def load(name: str, **changes: Any) -> Any:
        return json.loads((EVENTS / f"{name}.json").read_text()) | changes

    return load


@pytest.fixture
def invoke(lambda_context, event) -> Callable[..., Any]:
    """Invoke the handler of this name on its example event, or on another one."""

    def run(name: str, other: Any = None, **changes: Any) -> Any:
        handler = import_module(name.replace("/", ".")).lambda_handler
        return handler(other or event(name, **changes), lambda_context)

    return run


@dataclass(frozen=True)
class Answer:
    status: HTTPStatus
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@cache
def declared(endpoint: str, status: int) -> TypeAdapter[Any]:
    """The response type of an endpoint and status in docs/openapi/messaging.json."""
    return TypeAdapter(MESSAGING.operation(endpoint).response_type(status))


@pytest.fixture
def call(invoke) -> Callable[..., Answer]:
    """Call an API's handler, and check the properties of every response."""

    def answer(name: str, **changes: Any) -> Answer:
        made = invoke(f"messaging/{name}", **changes)
        assert made.keys() == {"statusCode", "headers", "body"}
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Cache-Control"] == "no-store"
        assert made["headers"]["Access-Control-Allow-Origin"] == "*"
        assert "Retry-After" in made["headers"]["Access-Control-Expose-Headers"]
        declared(name, made["statusCode"]).validate_json(made["body"])
        return Answer(HTTPStatus(made["statusCode"]), made["headers"], made["body"])

    return answer


@pytest.fixture
def create(call) -> Callable[..., Answer]:
    """Create a job with these fields in the body and these additional headers."""

    def answer(*, headers: dict[str, str] | None = None, **fields: Any) -> Answer:
        return call(
            "create_job",
            headers={"Content-Type": "application/json"} | (headers or {}),
            body=json.dumps({"userId": USER_ID, "content": "Hello"} | fields),
        )

    return answer


LOGGED = {
    *("level", "location", "message", "timestamp", "service", "cold_start", "correlation_id"),
    *("function_arn", "function_memory_size", "function_name", "function_request_id"),
    *("exception", "exception_name", "stack_trace", "xray_trace_id"),
    *("tenant", "job_id", "job_status", "status", "code", "outcome", "ended", "message_id"),
    *("device", "state", "reason", "share", "viewers", "again"),
    *("admin_key", "delivery_id", "error", "ms", "retry_in_s", "request_id", "payment_id"),
}
"""All that may be in a line. Prompts, results, keys and addresses are in none of them."""


@pytest.fixture(autouse=True)
def log(monkeypatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return the log lines so far, and check the properties of every line."""
    written = io.StringIO()
    monkeypatch.setattr(runtime.logger.registered_handler, "stream", written)

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in written.getvalue().splitlines()]

    yield lines
    for line in lines():
        assert line.keys() <= LOGGED
        assert "job_id" not in line or "tenant" in line, line["message"]
