"""The session handlers; tests/streams/sessions covers sending messages."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.core.job import JobRef
from jobs.core.rate_limit import Limit
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from jobs.messaging.agent import Agent
from jobs.messaging.wiring import wiring as messaging
from jobs.sessions import use_session
from jobs.sessions.errors import StaleSessionError
from jobs.sessions.send_message import NewMessage
from jobs.sessions.session import MAX_UNANSWERED, MINUTE, Timeouts
from jobs.sessions.wiring import wiring as sessions_wiring
from tests.handlers.conftest import AGENT_ID, TENANT, USER_ID
from tests.handlers.sessions.conftest import SESSION_ID
from tests.support import HOUR, NOON, Broken

OF_ONE = [
    "get_session", "delete_session", "renew_session", "send_heartbeat", "update_timeout",
    "list_messages",
]  # fmt: skip
ENDPOINTS = ["create_session", "list_sessions", "get_health", *OF_ONE]
CREATED = {
    "sessionId", "channelId", "agentId", "userId", "createdAt", "metadata", "expiresAt",
    "timeoutConfig",
}  # fmt: skip
INFO = CREATED | {"lastActivity", "renewalCount", "timeRemaining", "isNearExpiration"}


def send(content: str = "Hello", **about: Any) -> JobRef:
    new = {"tenant": TENANT, "session": SESSION_ID, "content": content}
    more = {"metadata": {}, "idempotency_key": None, "request_hash": "h"}
    return sessions_wiring.send_message(NewMessage(**new | more | about)).job.ref


def create(call, **fields: Any) -> Any:
    body = {"agentId": AGENT_ID, "userId": USER_ID} | fields
    return call("create_session", body=json.dumps(body))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_endpoint_responds_to_its_event(call, opened, endpoint) -> None:
    opened()

    assert call(endpoint).status == (201 if endpoint == "create_session" else 200)


@pytest.mark.parametrize("endpoint", OF_ONE)
@pytest.mark.parametrize("session_id", ["x", "", "019b7963-4a00-7000-8000-00000000dead"])
def test_unknown_session_is_404(call, opened, endpoint, session_id) -> None:
    opened()

    answer = call(endpoint, pathParameters={"sessionId": session_id})

    assert answer.status == 404
    assert answer.body == {
        "success": False, "error": "Session not found", "code": "SESSION_NOT_FOUND",
    }  # fmt: skip


@pytest.mark.parametrize("endpoint", OF_ONE)
def test_session_of_other_tenant_is_404(call, opened, endpoint) -> None:
    opened(tenant="rival")

    assert call(endpoint).status == 404


@pytest.mark.parametrize("endpoint", [each for each in OF_ONE if each != "delete_session"])
def test_expired_session_is_410(call, opened, clock, endpoint) -> None:
    opened()
    clock.advance(30 * MINUTE)

    answer = call(endpoint)

    assert (answer.status, answer.body["code"]) == (410, "SESSION_EXPIRED")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_throttled_database_is_503(call, rewire, endpoint) -> None:
    error = UnavailableError("ThrottlingException")
    rewire(sessions_wiring, sessions=Broken(error))
    rewire(messaging, agents=Broken(error))

    answer = call(endpoint)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_log_contains_no_keys_or_contents(call, event, opened, log, endpoint) -> None:
    opened()
    send("a secret of mine")

    call(endpoint)

    logged = json.dumps(log())
    assert log()
    assert event(f"sessions/{endpoint}")["headers"]["X-API-Key"] not in logged
    assert USER_ID not in logged
    assert "a secret" not in logged


def test_create_session_returns_fields_of_client(call) -> None:
    answer = create(call, metadata={"n": 1.5, "tags": ["a"]})

    assert answer.status == 201
    assert answer.body.keys() == CREATED
    assert answer.body["createdAt"] == "2026-01-01T12:00:00.000Z"
    assert answer.body["expiresAt"] == "2026-01-01T12:30:00.000Z"
    assert answer.body["metadata"] == {"n": 1.5, "tags": ["a"]}
    assert answer.body["timeoutConfig"] == {
        "timeoutMinutes": 30, "autoRenew": True, "maxDurationMinutes": 720,
        "warningThresholdMinutes": 5,
    }  # fmt: skip


def test_create_session_with_timeouts_uses_them(call) -> None:
    answer = create(
        call,
        timeoutConfig={"timeoutMinutes": 60, "autoRenew": False, "maxDurationMinutes": 120},
    )

    assert answer.body["expiresAt"] == "2026-01-01T13:00:00.000Z"
    assert answer.body["timeoutConfig"]["autoRenew"] is False


@pytest.mark.parametrize(("fields", "text"), [
    ({"agentId": None}, "agentId is required and must be a string"),
    ({"userId": 1}, "userId is required and must be a string"),
    ({"agentId": "x"}, "Invalid agentId format (must be valid UUID)"),
    ({"userId": "x"}, "Invalid userId format (must be valid UUID)"),
    ({"metadata": []}, "metadata must be an object"),
    ({"metadata": {"a": "x" * 10_000}}, "metadata exceeds maximum size of 10000 bytes"),
    ({"timeoutConfig": 5}, "timeoutConfig must be an object"),
    *(
        ({"timeoutConfig": {name: value}},
         f"{name} must be a whole number between {minimum} and {maximum} minutes")
        for name, minimum, maximum in (
            ("timeoutMinutes", 5, 1440),
            ("maxDurationMinutes", 5, 720),
            ("warningThresholdMinutes", 1, 1440),
        )
        for value in (minimum - 1, maximum + 1, 7.5, "30", True)
    ),
    ({"timeoutConfig": {"autoRenew": "yes"}}, "autoRenew must be true or false"),
])  # fmt: skip
def test_create_session_with_invalid_field_is_400(call, fields, text) -> None:
    answer = create(call, **fields)

    assert (answer.status, answer.body["error"]) == (400, text)
    assert answer.body["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize("body", ["", "{", "null", "[]", '"x"', '{"agentId": NaN}'])
@pytest.mark.parametrize("endpoint", ["create_session", "update_timeout"])
def test_create_session_with_non_object_body_is_400(call, opened, endpoint, body) -> None:
    opened()

    assert call(endpoint, body=body).status == 400


def test_create_session_with_unknown_agent_is_404(call, world) -> None:
    world.registry.put_agent(TENANT, Agent(id=AGENT_ID, name="Echo", active=False))

    answer = create(call)

    assert (answer.status, answer.body["code"]) == (404, "AGENT_NOT_FOUND")


def test_get_session_returns_current_state(call, opened, clock) -> None:
    opened()
    clock.advance(26 * MINUTE)

    answer = call("get_session")

    assert answer.body.keys() == INFO
    assert answer.body["timeRemaining"] == 4 * MINUTE
    assert answer.body["isNearExpiration"] is True


@pytest.mark.parametrize(("endpoint", "renewed"), [
    ("renew_session", True), ("send_heartbeat", False),
])  # fmt: skip
def test_renew_without_auto_renew_renews_session(call, opened, clock, endpoint, renewed) -> None:
    opened(timeouts=Timeouts(auto_renew=False))
    clock.advance(10 * MINUTE)

    answer = call(endpoint)

    assert answer.body["timeRemaining"] == (30 if renewed else 20) * MINUTE
    assert answer.body["renewalCount"] == renewed
    assert answer.body["lastActivity"] == "2026-01-01T12:10:00.000Z"
    assert call("get_session").body == answer.body


def test_heartbeat_renews_session(call, opened, clock) -> None:
    opened()
    for _ in range(3):
        clock.advance(20 * MINUTE)
        assert call("send_heartbeat").status == 200

    assert call("get_session").body["renewalCount"] == 3


def test_update_timeout_changes_only_given_fields(call, opened) -> None:
    opened(timeouts=Timeouts(auto_renew=False, warning=7))

    answer = call("update_timeout", body='{"timeoutMinutes": 45}')

    assert answer.body["timeoutConfig"] == {
        "timeoutMinutes": 45, "autoRenew": False, "maxDurationMinutes": 720,
        "warningThresholdMinutes": 7,
    }  # fmt: skip


def test_change_with_conflict_is_retried(call, opened, world, monkeypatch) -> None:
    opened()
    save, races = world.sessions.save, iter([1, 2])

    def overtaken(session: Any) -> None:
        if next(races, None):
            raise StaleSessionError
        save(session)

    monkeypatch.setattr(world.sessions, "save", overtaken)

    assert call("renew_session").status == 200


def test_list_sessions_returns_active_newest_first(call, opened, clock) -> None:
    opened(id="019b7963-4a00-7000-8000-000000000001", timeouts=Timeouts(timeout=5))
    opened(id="019b7963-4a00-7000-8000-000000000002")
    opened(id="019b7963-4a00-7000-8000-000000000003")
    opened(tenant="rival")
    clock.advance(5 * MINUTE)

    listed, health = call("list_sessions").body, call("get_health").body

    assert [each["sessionId"][-1] for each in listed["sessions"]] == ["3", "2"]
    assert listed["total"] == health["activeSessions"] == 2
    assert (health["status"], health["timestamp"]) == ("healthy", "2026-01-01T12:05:00.000Z")


def test_list_sessions_continues_after_its_cursor(call, opened, monkeypatch) -> None:
    monkeypatch.setattr(use_session, "MAX_LISTED_SESSIONS", 1)
    opened(id="019b7963-4a00-7000-8000-000000000002")
    opened(id="019b7963-4a00-7000-8000-000000000003")

    first = call("list_sessions").body
    last = call("list_sessions", queryStringParameters={"cursor": first["nextCursor"]}).body

    listed = [each["sessionId"][-1] for page in (first, last) for each in page["sessions"]]
    assert listed == ["3", "2"]
    assert "nextCursor" not in last


@pytest.mark.parametrize("cursor", ["", "x", "019b7963", "a" * 2000])
def test_list_sessions_with_invalid_cursor_is_400(call, cursor) -> None:
    answer = call("list_sessions", queryStringParameters={"cursor": cursor})

    assert (answer.status, answer.body["code"]) == (400, "INVALID_CURSOR")


def test_list_messages_returns_newest_first_in_pages(call, opened, clock) -> None:
    opened()
    for content in ("one", "two", "three"):
        send(content)
        clock.advance(10)

    first = call("list_messages", queryStringParameters={"limit": "2"}).body
    cursor = str(first["cursors"]["before"])
    rest = call("list_messages", queryStringParameters={"before": cursor}).body
    oldest = call("list_messages", queryStringParameters={"after": "0", "limit": "1"}).body

    assert [each["content"] for each in first["messages"]] == ["three", "two"]
    assert first["hasMore"] is True
    assert [each["content"] for each in rest["messages"]] == ["one"]
    assert rest["hasMore"] is False
    assert [each["content"] for each in oldest["messages"]] == ["one"]
    assert oldest["cursors"] == {"before": NOON, "after": NOON}
    assert first["messages"][0].keys() == {
        "id", "content", "authorId", "isAgent", "createdAt", "metadata",
    }  # fmt: skip


@pytest.mark.parametrize(("query", "count"), [
    (None, 50), ({"limit": "7"}, 7), ({"limit": "100"}, 100), ({"limit": "101"}, 100),
], ids=str)  # fmt: skip
def test_list_messages_limit_defaults_to_50_up_to_100(call, opened, clock, query, count) -> None:
    opened()
    for n in range(101):
        send(str(n))
        clock.advance(5000)

    page = call("list_messages", queryStringParameters=query).body

    newest = [str(n) for n in range(100, 100 - count, -1)]
    assert [each["content"] for each in page["messages"]] == newest
    assert page["hasMore"] is True


def test_list_messages_of_empty_session_has_no_cursors(call, opened) -> None:
    opened()

    assert call("list_messages").body == {"messages": [], "hasMore": False}


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize("value", ["yesterday", "-1", "1.5", "2026-01-01", "9" * 17])
def test_list_messages_with_invalid_time_is_400(call, opened, name, value) -> None:
    opened()

    answer = call("list_messages", queryStringParameters={name: value})

    assert answer.status == 400
    assert answer.body["error"] == f"{name} must be a timestamp in milliseconds"


def test_list_messages_includes_answer(call, opened, world, invoke, batch) -> None:
    opened()
    ref = send("/sleep 0 Well")

    invoke("workers/run_agent_job", batch(ref))

    answer, question = call("list_messages").body["messages"]
    assert (answer["content"], answer["isAgent"], answer["authorId"]) == ("Well", True, AGENT_ID)
    assert (question["id"], question["isAgent"], question["authorId"]) == (ref.id, False, USER_ID)


def test_message_waits_for_earlier_one_then_is_dispatched(
    opened, world, invoke, batch, change_to
) -> None:
    opened()
    first, second = send("one"), send("two")

    invoke("workers/run_agent_job", batch(second))

    assert world.repository.get(second).status is JobStatus.PENDING
    invoke("workers/run_agent_job", batch(first))
    invoke("workers/dispatch_jobs", change_to(world.repository.get(first)))
    assert [sent["jobId"] for sent in world.queues.sent] == [first.id, second.id]
    invoke("workers/run_agent_job", batch(second))
    assert world.repository.get(second).status is JobStatus.SUCCEEDED


def test_delete_session_cancels_unanswered_messages(call, opened, world, invoke, batch) -> None:
    opened()
    first, second, third = send("one"), send("two"), send("three")
    invoke("workers/run_agent_job", batch(first))

    answer = call("delete_session")

    assert answer.body == {"success": True, "data": {"success": True}}
    statuses = [world.repository.get(ref).status.value for ref in (first, second, third)]
    assert statuses == ["SUCCEEDED", "CANCELLED", "CANCELLED"]
    assert call("get_session").status == call("delete_session").status == 404


def test_delete_session_reads_a_bounded_number_of_messages(call, opened, rewire) -> None:
    session = opened()
    read: list[str] = []

    def questions(*_: object) -> Iterator[SimpleNamespace]:
        for _ in range(10 * MAX_UNANSWERED):
            read.append("question")
            yield SimpleNamespace(job_id="gone")

    rewire(
        sessions_wiring,
        sessions=SimpleNamespace(
            questions=questions, get=lambda *_: session,
            close=lambda _: None, delete_messages=lambda *_: None,
        ),
    )  # fmt: skip

    assert call("delete_session").status == 200
    assert len(read) == MAX_UNANSWERED


def test_create_session_over_the_limit_is_429(call, monkeypatch) -> None:
    monkeypatch.setattr(use_session, "NEW_SESSIONS", Limit("sessions", 1, HOUR))
    assert call("create_session").status == 201

    answer = call("create_session")

    assert (answer.status, answer.body["code"]) == (429, "TOO_MANY_REQUESTS")
    assert answer.headers["Retry-After"] == "3600"
    assert len(call("list_sessions").body["sessions"]) == 1


def test_session_after_retention_is_404(call, opened, clock) -> None:
    opened()
    clock.advance(36 * HOUR)

    assert call("get_session").status == 404
