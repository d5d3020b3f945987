from datetime import UTC, datetime

import httpx
import pytest

from client.tests.answers import JOB_ID, USER, job, ok, refused
from sortie_client import ApiError, ConnectionFailedError, JobFailedError

SESSIONS = "/api/messaging/sessions"
NOON = "2026-01-01T12:00:00.000Z"
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


def sent(**about):
    said = {"userMessage": MESSAGE, "job": {"jobId": JOB_ID, "status": "pending"}}
    return ok({**said, "sessionStatus": {}, **about}, 201)


def test_a_conversation_begins_with_an_agent(both, server) -> None:
    server.will(ok(CREATED, 201))

    made = both.call(lambda s: s.sessions.create_session(USER, "a-1", timeout_minutes=5))

    assert server.paths == [f"POST {SESSIONS}"]
    assert server.headers("X-API-Key") == ["key-of-nobody"]
    assert server.bodies == [
        {"userId": USER, "agentId": "a-1", "timeoutConfig": {"timeoutMinutes": 5}}
    ]
    assert (made.session_id, made.timeout_config.auto_renew) == ("s-1", True)
    assert made.created_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_beginning_whose_answer_is_lost_is_not_repeated(both, server) -> None:
    """It takes no Idempotency-Key: a second one would be a second conversation."""
    server.will(httpx.ReadTimeout("lost"))

    with pytest.raises(ConnectionFailedError) as raised:
        both.call(lambda s: s.sessions.create_session(USER, "a-1"))

    assert raised.value.sent


def test_a_message_is_sent_again_under_its_key(both, server) -> None:
    server.will(httpx.ReadError("lost"), sent())

    said = both.call(lambda s: s.sessions.send_message("s-1", "Hi"))

    assert (said.user_message.content, said.job.status, said.agent_response) == (
        "Hi", "pending", None
    )  # fmt: skip
    assert server.bodies[0] == {"content": "Hi", "transport": "websocket"}
    first, second = server.headers("Idempotency-Key")
    assert first == second is not None


def test_an_answer_that_was_waited_for_is_its_text(both, server) -> None:
    server.will(sent(agentResponse={"text": "Yes?"}))

    assert both.call(lambda s: s.sessions.send_message_and_wait("s-1", "Hi")) == "Yes?"
    assert server.bodies[0]["transport"] == "http"


def test_one_that_takes_longer_than_the_server_waits_is_polled(both, server) -> None:
    server.will(sent(), ok(job("processing")), ok(job()))

    answer = both.call(lambda s: s.sessions.send_message_and_wait("s-1", "Hi", interval=0))

    assert answer == "Yes."
    assert server.paths[1:] == [f"GET /api/messaging/jobs/{JOB_ID}"] * 2


def test_a_message_that_fails_says_why(both, server) -> None:
    server.will(sent(), ok(job("failed", error="The agent is out")))

    with pytest.raises(JobFailedError, match="The agent is out"):
        both.call(lambda s: s.sessions.send_message_and_wait("s-1", "Hi"))


def test_what_was_said_comes_in_pages(both, server) -> None:
    cursors = {"before": 1_767_268_800_000, "after": 1_767_268_800_001}
    page = {"messages": [MESSAGE | {"isAgent": True}], "hasMore": True, "cursors": cursors}
    server.will(ok(page), ok({"messages": [], "hasMore": False}))

    first = both.call(lambda s: s.sessions.list_messages("s-1", limit=1))
    last = both.call(lambda s: s.sessions.list_messages("s-1", before=first.cursors.before))

    assert (first.messages[0].is_agent, first.has_more, last.has_more) == (True, True, False)
    assert server.paths == [
        f"GET {SESSIONS}/s-1/messages?limit=1",
        f"GET {SESSIONS}/s-1/messages?before=1767268800000",
    ]


def test_a_session_is_read_listed_renewed_changed_and_deleted(both, server) -> None:
    server.will(
        ok(SESSION), ok({"sessions": [SESSION], "total": 1}), ok(SESSION), ok(SESSION),
        ok(SESSION), ok({"success": True}),
        ok({"status": "healthy", "activeSessions": 1, "expiringSoon": 0, "timestamp": NOON}),
    )  # fmt: skip

    found = both.call(lambda s: s.sessions.get_session("s-1"))
    listed = both.call(lambda s: s.sessions.list_sessions())
    both.call(lambda s: s.sessions.renew_session("s-1"))
    both.call(lambda s: s.sessions.heartbeat("s-1"))
    both.call(lambda s: s.sessions.update_timeout("s-1", auto_renew=False))
    both.call(lambda s: s.sessions.delete_session("s-1"))
    health = both.call(lambda s: s.sessions.get_sessions_health())

    assert (found.renewal_count, found.is_near_expiration) == (1, True)
    assert list(listed) == [found]
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


def test_a_session_that_is_over_says_so(both, server) -> None:
    server.will(refused(410, "Session has expired", "SESSION_EXPIRED"))

    with pytest.raises(ApiError, match="expired") as raised:
        both.call(lambda s: s.sessions.get_session("s-1"))

    assert raised.value.status == 410
