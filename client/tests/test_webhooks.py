import pytest

from client.tests.answers import JOB_ID, USER, created, events, mission, ok, refused, token
from sortie_client import ConflictError, Webhook

HOOK = Webhook("https://example.com/hooks", ("completed", "failed"))
TOLD = {"url": "https://example.com/hooks", "events": ["completed", "failed"]}
DELIVERY = {
    "deliveryId": "d-1", "jobId": JOB_ID, "dialect": "messaging", "event": "completed",
    "url": "https://example.com/hooks", "sequence": 3, "status": "delivered",
    "createdAt": "2026-01-01T12:00:00.000Z",
    "attempts": [
        {"at": "2026-01-01T12:00:00.000Z", "durationMs": 10_000, "error": "timeout"},
        {"at": "2026-01-01T12:00:05.000Z", "durationMs": 12, "status": 204},
    ],
}  # fmt: skip


def test_a_create_says_whom_to_tell(both, server) -> None:
    server.will(created(), token(), ok({"job": mission()}, 201))

    both.call(lambda s: s.messaging.create_job(USER, "Hi", webhook=HOOK))
    both.call(lambda s: s.missions.create_job("Round", "harbour", webhook=Webhook("https://x")))

    assert server.bodies[0]["webhook"] == TOLD
    assert server.bodies[2]["webhook"] == {"url": "https://x"}


def test_documentation_agents_are_told_it_in_a_header(both, server) -> None:
    server.will(events(b"data: [DONE]\n\n"))

    both.stream(lambda s: s.docs.run("say Hi", webhook_url="https://x"))

    assert server.headers("X-Webhook-Url") == ["https://x"]


def test_what_was_sent_is_listed_with_its_attempts(both, server) -> None:
    server.will(ok({"deliveries": [DELIVERY]}))

    [delivery] = both.call(lambda s: s.webhooks.list_deliveries(JOB_ID))

    assert server.paths == [f"GET /webhooks/deliveries?jobId={JOB_ID}"]
    assert [(it.error, it.status) for it in delivery.attempts] == [("timeout", None), (None, 204)]


def test_it_is_sent_once_more(both, server) -> None:
    server.will(ok(DELIVERY, 202), refused(409, "Delivery has been attempted too often"))

    again = both.call(lambda s: s.webhooks.redeliver("d-1"))
    with pytest.raises(ConflictError):
        both.call(lambda s: s.webhooks.redeliver("d-1"))

    assert again.delivery_id == "d-1"
    assert server.paths == ["POST /webhooks/d-1/redeliver"] * 2
