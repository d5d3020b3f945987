"""Webhooks, sessions and requested jobs on a stack where messages cost something."""

import json
from uuid import uuid4

from tests.e2e.api import USER, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.payers import Payer
from tests.receiver import Receiver

BOTH_WAYS = True


def test_paid_job_notifies_its_webhook(payer: Payer, server: Receiver) -> None:
    paid = payer.authorization().headers(2)

    created = payer.api.ask(f"Hello {uuid4()}", headers=paid, webhook={"url": server.url})

    assert created.status == 201, created
    eventually(lambda: len(server.received), lambda count: count == 3)
    received = {each.json["type"]: each.json["data"]["jobId"] for each in server.received}
    assert received == dict.fromkeys(
        ("job.created", "job.started", "job.completed"), created.json["jobId"]
    )


def test_session_message_on_a_paid_stack_returns_403(payer: Payer) -> None:
    content = f"Hello {uuid4()}"
    agent = payer.api.get("/api/agents").json["data"]["agents"][0]["id"]
    opened = payer.api.post("/api/messaging/sessions", {"agentId": agent, "userId": USER})
    path = f"/api/messaging/sessions/{opened.json['sessionId']}/messages"

    rejected = payer.api.post(path, {"content": content})

    assert (rejected.status, rejected.json["code"]) == (403, "SESSIONS_ARE_CLOSED")
    assert payer.jobs([content]) == []


def test_requested_job_on_a_paid_stack_costs_nothing(payer: Payer, paid_cloud: Cloud) -> None:
    content, before = f"Hello {uuid4()}", payer.service_balance()
    request = {"userId": USER, "content": content}
    detail = {"dialect": "messaging", "tenant": payer.api.tenant, "request": request}

    paid_cloud.client("events").put_events(Entries=[{
        "EventBusName": paid_cloud.stack.outputs["EventBusName"],
        "Source": "shop.orders", "DetailType": "Job Requested", "Detail": json.dumps(detail),
    }])  # fmt: skip

    eventually(lambda: payer.jobs([content]), lambda made: made == [content])
    assert payer.service_balance() == before
