"""Ids of any length get a response of their API, also over the limits of DynamoDB's keys."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobs.auth.authenticate import new_key
from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.docs.adapters.dynamodb.projects import DynamoProjects
from jobs.docs.adapters.sqlite import SqliteChats
from jobs.docs.wiring import wiring as docs
from jobs.missions.adapters.partners import DynamoPartners
from jobs.missions.wiring import wiring as missions
from jobs.tracking.wiring import wiring as tracking
from scripts.wirings import CORES
from tests.databases import empty_database
from tests.fakes.memory_fleet import InMemoryFleet
from tests.fakes.memory_missions import InMemoryFleetRegistry
from tests.fakes.memory_watch import InMemoryShares
from tests.handlers.conftest import EVENTS
from tests.handlers.fleet import SETTINGS

APIS = ("docs", "messaging", "missions", "sessions", "webhooks")
OTHERS = [
    ("messaging/list_jobs", "queryStringParameters", "cursor"),
    ("missions/list_jobs", "queryStringParameters", "cursor"),
    ("webhooks/list_deliveries", "queryStringParameters", "jobId"),
    ("docs/create_job_v2", "headers", "Idempotency-Key"),
    ("docs/message_job_v2", "headers", "Idempotency-Key"),
    ("messaging/create_job", "headers", "Idempotency-Key"),
    ("missions/create_job", "headers", "Idempotency-Key"),
]
# No Lambda handlers: tests/streams
OF_STREAMS = {"docs/stream_job", "messaging/stream_message", "sessions/send_message"}
LENGTHS = (129, 1016, 1017, 2049, 70_000)


class Table:
    """DynamoDB's check of keys, over one item: the client of the missions' example events."""

    def get_item(self, Key: Any, **_: Any) -> Any:  # noqa: N803 - boto3's name
        sizes = {name: len(value["S"].encode()) for name, value in Key.items()}
        if sizes["PK"] > 2048 or sizes["SK"] > 1024:
            error: Any = {"Error": {"Code": "ValidationException", "Message": "size of the key"}}
            raise ClientError(error, "GetItem")
        if not Key["PK"]["S"].startswith("CLIENT#EXAMPLE"):
            return {}
        client = {"tenant": "demo", "name": "App", "role": "MANAGER"}
        return {"Item": {name: {"S": value} for name, value in client.items()}}


@pytest.fixture(autouse=True)
def tables(world, rewire, clock, monkeypatch) -> None:
    table: Any = Table()
    rewire(docs, projects=DynamoProjects(table, "registry", clock), docs_jobs=world.docs_jobs)
    rewire(docs, chats=SqliteChats(empty_database()))
    rewire(missions, partners=DynamoPartners(table, "registry", clock))
    rewire(missions, fleet_registry=InMemoryFleetRegistry(), fleet=InMemoryFleet(clock))
    rewire(tracking, shares=InMemoryShares(clock))
    rewire(*CORES, rate_limits=SqliteRateLimits(empty_database(), clock))
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


def list_ids() -> Iterator[tuple[str, str, str]]:
    """Yield an endpoint, a field of its event and a name in it, for each id in a path."""
    for file in sorted(file for api in APIS for file in (EVENTS / api).glob("*.json")):
        name = f"{file.parent.name}/{file.stem}"
        if name in OF_STREAMS:
            continue
        event = json.loads(file.read_text())
        yield from ((name, "pathParameters", each) for each in event["pathParameters"] or ())


@pytest.mark.parametrize(("endpoint", "field", "name"), [*list_ids(), *OTHERS])
def test_long_id_gets_no_server_error(invoke, event, endpoint, field, name) -> None:
    sent = event(endpoint)

    for long in (letter * n for n in LENGTHS for letter in ("a", "\u00fc")):
        changed = sent | {field: (sent[field] or {}) | {name: long}}
        answer = invoke(endpoint, changed)

        assert answer["statusCode"] < HTTPStatus.INTERNAL_SERVER_ERROR
        if field == "pathParameters":
            assert answer["statusCode"] == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
@pytest.mark.parametrize("length", LENGTHS)
def test_long_client_credential_is_401(invoke, event, world, name, length) -> None:
    credential, key = new_key("demo", opens="missions")
    world.registry.put_key(key)
    sent = event("missions/create_token")
    body = json.loads(sent["body"]) | {name: "a" * length}
    headers = sent["headers"] | {"X-API-Key": credential}

    answer = invoke("missions/create_token", sent | {"headers": headers, "body": json.dumps(body)})

    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (401, "invalid_client")
