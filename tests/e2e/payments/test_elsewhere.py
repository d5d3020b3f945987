"""Where messages cost something: their webhooks, sessions, and jobs that events ask for."""

import json
from uuid import uuid4

import pytest

from tests.e2e.api import USER, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.payers import Payer
from tests.receiver import Receiver


@pytest.fixture
def content() -> str:
    """A message that nobody else sends."""
    return f"Hello {uuid4()}"


def test_a_paid_job_tells_its_webhook(payer: Payer, content: str, server: Receiver) -> None:
    paid = payer.authorization().headers(2)

    created = payer.api.ask(content, headers=paid, webhook={"url": server.url})

    assert created.status == 201, created
    eventually(lambda: len(server.received), lambda count: count == 3)
    heard = {each.json["type"]: each.json["data"]["jobId"] for each in server.received}
    assert heard == dict.fromkeys(
        ("job.created", "job.started", "job.completed"), created.json["jobId"]
    )


def test_messages_of_sessions_are_closed(payer: Payer, content: str) -> None:
    agent = payer.api.get("/api/agents").json["data"]["agents"][0]["id"]
    opened = payer.api.post("/api/messaging/sessions", {"agentId": agent, "userId": USER})
    path = f"/api/messaging/sessions/{opened.json['sessionId']}/messages"

    refused = [
        payer.api.post(path, {"content": content, "transport": transport})
        for transport in ("websocket", "http", "sse")
    ]

    assert {(each.status, each.json["code"]) for each in refused} == {(403, "SESSIONS_ARE_CLOSED")}
    assert payer.jobs([content]) == []


def test_an_event_makes_a_job_that_nobody_pays_for(
    payer: Payer, content: str, paid_cloud: Cloud
) -> None:
    before = payer.earned()
    request = {"userId": USER, "content": content}
    detail = {"dialect": "messaging", "tenant": payer.api.tenant, "request": request}

    paid_cloud.client("events").put_events(Entries=[{
        "EventBusName": paid_cloud.stack.outputs["EventBusName"],
        "Source": "shop.orders", "DetailType": "Job Requested", "Detail": json.dumps(detail),
    }])  # fmt: skip

    eventually(lambda: payer.jobs([content]), lambda made: made == [content])
    assert payer.earned() == before
