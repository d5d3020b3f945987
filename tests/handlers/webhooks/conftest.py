"""A stored delivery, and a sender that reaches no network."""

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter

from jobs.core.job import JobRef
from jobs.webhooks.adapters.secrets import dump_secrets
from jobs.webhooks.signature import new_secret
from jobs.webhooks.webhook import WebhookDelivery
from jobs.webhooks.wiring import wiring as webhooks
from scripts.openapi.webhooks import WEBHOOKS
from scripts.wirings import CORES
from tests.handlers.conftest import TENANT, Answer
from tests.support import NOON

URL = "https://hooks.example.com/in"
JOB = "019b7963-4a00-7000-8000-000000000001"
DELIVERY = "5f0c1a52-7d1e-5b0a-9d55-0c1f6f1d2a01"
SECRET = new_secret()


@pytest.fixture
def ask(invoke, event):
    """Invoke a handler of the webhooks API, with changes to its event's top-level fields."""

    def answer(name: str, **changes: Any) -> Answer:
        made = invoke(f"webhooks/{name}", **changes)
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Cache-Control"] == "no-store"
        assert made["headers"]["Access-Control-Allow-Origin"] == "*"
        declared = WEBHOOKS.operation(name).response_type(made["statusCode"])
        TypeAdapter(declared).validate_json(made["body"])
        return Answer(made["statusCode"], made["headers"], made["body"])

    return answer


@pytest.fixture
def planned(world):
    """Store a delivery. By default it is the one in the sample events."""

    def plan(**fields: Any) -> WebhookDelivery:
        defaults: dict[str, Any] = {
            "id": DELIVERY,
            "ref": JobRef(tenant=TENANT, kind="messaging", id=JOB),
            "sequence": 3,
            "event": "completed",
            "url": URL,
            "body": '{"type":"job.completed"}',
            "planned_at": NOON,
        }
        delivery = WebhookDelivery(**defaults | fields)
        world.deliveries.plan(delivery)
        return delivery

    return plan


class Internet:
    """A sender that returns a status or raises an error."""

    def __init__(self) -> None:
        self.answer: int | Exception = 204
        self.posted: list[tuple[str, dict[str, str], bytes]] = []

    def send(self, url: str, headers: Any, body: bytes) -> int:
        self.posted.append((url, dict(headers), body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def internet(rewire) -> Internet:
    made = Internet()
    rewire(webhooks, sender=made)
    return made


@pytest.fixture(autouse=True)
def secret(rewire) -> None:
    secrets = {f"sortie/webhooks/{TENANT}": dump_secrets([SECRET])}
    rewire(*CORES, secrets=SimpleNamespace(read=secrets.__getitem__))
