from datetime import UTC, datetime

import httpx
import pytest

from client.tests.responses import JOB_ID, NOON, USER, error, job, ok
from sortie_client import ApiError, ConnectionFailedError, JobFailedError

SESSIONS = "/api/messaging/sessions"
TIMEOUTS = {
    "timeoutMinutes": 30, "autoRenew": True, "maxDurationMinutes": 720, "warningThresholdMinutes": 5
}  # fmt: skip
CREATED = {
    "sessionId": "s-1", "channelId": "c-1", "agentId": "a-1", "userId": USER, "createdAt": NOON,
    "metadata": {}, "expiresAt": "2026-01-01T12:30:00.000Z", "timeoutConfig": TIMEOUTS,
}  # fmt: skip
SESSION = CREATED | {
    "lastActivity": NOON, "renewalCount": 1, "timeRemaining": 1000, "isNearExpiration": True
}  # fmt: skip
MESSAGE = {"id": "m-1", "content": "Hi", "authorId": USER, "createdAt": NOON, "metadata": {}}


def sent(**fields):
    body = {"userMessage": MESSAGE, "job": {"jobId": JOB_ID, "status": "pending"}}
    return ok({**body, "sessionStatus": {}, **fields}, 201)


def test_create_session_sends_only_given_timeouts(client, server) -> None:
    server.will(ok(CREATED, 201))

    session = client.sessions.create_session(USER, "a-1", timeout_minutes=5)

    assert server.paths == [f"POST {SESSIONS}"]
    assert server.bodies == [
        {"userId": USER, "agentId": "a-1", "timeoutConfig": {"timeoutMinutes": 5}}
    ]
    assert (session.session_id, session.timeout_config.auto_renew) == ("s-1", True)
    assert session.created_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_create_session_lost_response_is_not_retried(client, server) -> None:
    """The endpoint takes no Idempotency-Key: a retry could create a second session."""
    server.will(httpx.ReadTimeout("lost"))

    with pytest.raises(ConnectionFailedError):
        client.sessions.create_session(USER, "a-1")


def test_send_message_retries_under_one_idempotency_key(client, server) -> None:
    server.will(httpx.ReadError("lost"), sent())

    message = client.sessions.send_message("s-1", "Hi")

    assert (message.user_message.content, message.job.status) == ("Hi", "pending")
    assert message.agent_response is None
    assert server.bodies[0] == {"content": "Hi", "transport": "websocket"}
    first, second = server.headers("Idempotency-Key")
    assert first == second is not None


def test_send_message_and_wait_held_response_needs_no_poll(client, server) -> None:
    server.will(sent(agentResponse={"text": "Yes?"}))

    assert client.sessions.send_message_and_wait("s-1", "Hi") == "Yes?"
    assert server.bodies[0]["transport"] == "http"


def test_send_message_and_wait_longer_job_is_polled(client, server) -> None:
    server.will(sent(), ok(job("processing")), ok(job()))

    reply = client.sessions.send_message_and_wait("s-1", "Hi", interval=0)

    assert reply == "Yes."
    assert server.paths[1:] == [f"GET /api/messaging/jobs/{JOB_ID}"] * 2


def test_send_message_and_wait_failed_job_raises(client, server) -> None:
    server.will(sent(), ok(job("failed", error="The agent is out")))

    with pytest.raises(JobFailedError, match="The agent is out"):
        client.sessions.send_message_and_wait("s-1", "Hi")


def test_list_messages_pages_by_cursor(client, server) -> None:
    cursors = {"before": 1_767_268_800_000, "after": 1_767_268_800_001}
    page = {"messages": [MESSAGE | {"isAgent": True}], "hasMore": True, "cursors": cursors}
    server.will(ok(page), ok({"messages": [], "hasMore": False}))

    first = client.sessions.list_messages("s-1", limit=1)
    last = client.sessions.list_messages("s-1", before=first.cursors.before)

    assert (first.messages[0].is_agent, first.has_more, last.has_more) == (True, True, False)
    assert server.paths == [
        f"GET {SESSIONS}/s-1/messages?limit=1",
        f"GET {SESSIONS}/s-1/messages?before=1767268800000",
    ]


def test_session_calls_address_their_endpoints(client, server) -> None:
    server.will(
        ok(SESSION), ok({"sessions": [SESSION], "total": 1}), ok(SESSION), ok(SESSION),
        ok(SESSION), ok({"success": True}),
        ok({"status": "healthy", "activeSessions": 1, "expiringSoon": 0, "timestamp": NOON}),
    )  # fmt: skip

    session = client.sessions.get_session("s-1")
    listed = client.sessions.list_sessions()
    client.sessions.renew_session("s-1")
    client.sessions.heartbeat("s-1")
    client.sessions.update_timeout("s-1", auto_renew=False)
    client.sessions.delete_session("s-1")
    health = client.sessions.get_sessions_health()

    assert (session.renewal_count, session.is_near_expiration) == (1, True)
    assert list(listed) == [session]
    assert server.bodies == [{"autoRenew": False}]
    assert health.active_sessions == 1
    assert server.paths == [
        f"GET {SESSIONS}/s-1",
        f"GET {SESSIONS}",
        f"POST {SESSIONS}/s-1/renew",
        f"POST {SESSIONS}/s-1/heartbeat",
        f"PATCH {SESSIONS}/s-1/timeout",
        f"DELETE {SESSIONS}/s-1",
        f"GET {SESSIONS}/health",
    ]


def test_list_sessions_reads_all_pages(client, server) -> None:
    page = {"sessions": [SESSION], "total": 1}
    server.will(ok(page | {"nextCursor": "s-1"}), ok(page))

    assert len(client.sessions.list_sessions()) == 2
    assert server.paths == [f"GET {SESSIONS}", f"GET {SESSIONS}?cursor=s-1"]


def test_get_session_expired_raises_410(client, server) -> None:
    server.will(error(410, "Session has expired", "SESSION_EXPIRED"))

    with pytest.raises(ApiError, match="expired") as raised:
        client.sessions.get_session("s-1")

    assert raised.value.status == 410
