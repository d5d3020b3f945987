import pytest

from client.tests.responses import (
    DONE,
    JOB_ID,
    NOON,
    USER,
    created,
    error,
    mission,
    ok,
    stream,
    token,
)
from sortie_client import ConflictError, Webhook

WEBHOOK = Webhook("https://example.com/hooks", ("completed", "failed"))
DELIVERY = {
    "deliveryId": "d-1", "jobId": JOB_ID, "dialect": "messaging", "event": "completed",
    "url": "https://example.com/hooks", "sequence": 3, "status": "delivered", "createdAt": NOON,
    "attempts": [
        {"at": NOON, "durationMs": 10_000, "error": "timeout"},
        {"at": "2026-01-01T12:00:05.000Z", "durationMs": 12, "status": 204},
    ],
}  # fmt: skip


def test_create_message_job_sends_webhook_and_events(client, server) -> None:
    server.will(created())

    client.messaging.create_job(USER, "Hi", webhook=WEBHOOK)

    assert server.bodies[0]["webhook"] == {
        "url": "https://example.com/hooks", "events": ["completed", "failed"]
    }  # fmt: skip


def test_create_mission_webhook_without_events_sends_url(client, server) -> None:
    server.will(token(), ok({"job": mission()}, 201))

    client.missions.create_job("Round", "harbour", webhook=Webhook("https://x"))

    assert server.bodies[1]["webhook"] == {"url": "https://x"}


def test_create_docs_job_sends_webhook_in_a_header(client, server) -> None:
    server.will(stream(DONE))

    list(client.docs.run("say Hi", webhook_url="https://x"))

    assert server.headers("X-Webhook-Url") == ["https://x"]


def test_list_deliveries_decodes_attempts(client, server) -> None:
    server.will(ok({"deliveries": [DELIVERY]}))

    [delivery] = client.webhooks.list_deliveries(JOB_ID)

    assert server.paths == [f"GET /webhooks/deliveries?jobId={JOB_ID}"]
    assert [(it.error, it.status) for it in delivery.attempts] == [("timeout", None), (None, 204)]


def test_redeliver_too_many_attempts_raises_conflict(client, server) -> None:
    server.will(ok(DELIVERY, 202), error(409, "Delivery has been attempted too often"))

    assert client.webhooks.redeliver("d-1").delivery_id == "d-1"
    with pytest.raises(ConflictError):
        client.webhooks.redeliver("d-1")

    assert server.paths == ["POST /webhooks/d-1/redeliver"] * 2
