"""Sending messages of sessions through a real server, with every transport."""

import http.client
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.adapters.sqlite.tenant_limits import SqliteTenantLimits
from jobs.core.failure import Failure
from jobs.core.get_job import GetJob
from jobs.core.job import Job, JobRef
from jobs.core.wait_for_job import WaitForJob
from jobs.kit.asgi import CONTEXT_HEADER
from jobs.kit.errors import FailureClass, UnavailableError
from jobs.kit.output.events import RESTARTED, OutputEvent, OutputItem
from jobs.kit.output.playback import Playback
from jobs.kit.output.v5 import V5
from jobs.kit.output.wire import START
from jobs.messaging.message import answer_id, session_of
from jobs.sessions.adapters.sqlite import SqliteSessions
from jobs.sessions.api import stream
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.send_message import SendMessage
from jobs.sessions.session import MAX_UNANSWERED, MINUTE, ChatSession, Timeouts, Turn
from jobs.sessions.wiring import wiring as sessions_wiring
from scripts.openapi.sessions import SESSIONS
from tests.databases import empty_database
from tests.streams.conftest import KEY_ID, TENANT, context, key
from tests.support import HOUR, NOON, Broken

SESSION_ID = "019b7963-4a00-7000-8000-00000000c0de"
AGENT_ID = "11111111-1111-4111-8111-111111111111"
PATH = f"/api/messaging/sessions/{SESSION_ID}/messages"


@pytest.fixture
def sessions(world, clock, monkeypatch, rewire) -> SqliteSessions:
    made = SqliteSessions(world.repository.database, world.repository, clock)
    shared: Any = {"repository": world.repository, "clock": clock}
    find_turn = FindTurn(repository=world.repository, sessions=made)
    send = SendMessage(
        **shared, sessions=made, find_turn=find_turn, send_early=lambda _: None, retention=24 * HOUR
    )
    get_job = GetJob(**shared)
    wait = WaitForJob(**shared, pause=lambda ref, seconds: clock.advance(round(seconds * 1000)))
    rewire(sessions_wiring, send_message=send)
    rewire(
        sessions_wiring.core,
        jobs=world.repository,
        rate_limits=SqliteRateLimits(empty_database(), clock),
        tenant_limits=SqliteTenantLimits(empty_database()),
    )
    monkeypatch.setenv("MESSAGES_PER_MINUTE", "1000")
    rewire(sessions_wiring.core, get_job=get_job)
    rewire(sessions_wiring.core, wait_for_job=wait)
    return made


@pytest.fixture
def session(sessions) -> ChatSession:
    made = ChatSession(
        id=SESSION_ID, tenant=TENANT, agent_id=AGENT_ID, user_id="u", channel_id="c",
        metadata={}, created_at=NOON, active_at=NOON, renewed_at=NOON,
        timeouts=Timeouts(timeout=60),
    )  # fmt: skip
    sessions.create(made)
    return made


type Say = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def send(ask, session) -> Say:
    def send(content: Any = "Hello", headers: Any = None, **fields: Any) -> Any:
        return ask("POST", PATH, {"content": content, **fields}, headers=headers or {})

    return send


def read(answer: http.client.HTTPResponse) -> Any:
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    operation = SESSIONS.operation("send_message")
    body: Any = TypeAdapter(
        operation.responses.get(answer.status, operation.error_type)
    ).validate_json(answer.read())
    return body


def events(text: bytes) -> list[tuple[str, Any]]:
    found = []
    for block in text.decode().strip().split("\n\n"):
        if not block.startswith(":"):
            *_, name, data = block.split("\n")  # a chunk also has an id
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def only_job(world) -> Job:
    [job] = world.repository.all()
    return job


def end(world, *, answer: str | None = None, metadata: Any = None, error: str = "") -> None:
    running = (job := only_job(world)).claim(now=NOON, lease=1)
    world.repository.save(running, replacing=job)
    if answer is None:
        ended = running.fail(Failure(error, FailureClass.REFUSED), now=NOON + 5)
    else:
        result = {"id": answer_id(job), "content": answer, "metadata": metadata or {}}
        ended = running.succeed(result, now=NOON + 5)
    world.repository.save(ended, replacing=running)


def write(world, job: Job, number: int, *events: Any, end: bool = False, attempt: int = 1) -> None:
    item = OutputItem(number=number, events=events, end=end, attempt=attempt)
    world.log.append(job.ref, item, expires_at=job.gone_at)


def test_send_by_default_returns_at_once_with_job(send, world) -> None:
    answer = send("Hello", metadata={"source": "test"})

    body = read(answer)
    job = only_job(world)
    assert answer.status == 201
    assert body == {
        "userMessage": {
            "id": job.id, "content": "Hello", "authorId": "u",
            "createdAt": "2026-01-01T12:00:00.000Z", "metadata": {"source": "test"},
        },
        "sessionStatus": {
            "expiresAt": "2026-01-01T13:00:00.000Z", "renewalCount": 0, "wasRenewed": False,
            "isNearExpiration": False,
        },
        "job": {"jobId": job.id, "status": "pending"},
    }  # fmt: skip
    assert (session_of(job), job.request["agentId"]) == (SESSION_ID, AGENT_ID)
    assert job.key_id == KEY_ID


def test_send_over_maximum_of_unanswered_is_429(send, session, sessions) -> None:
    sessions.save(replace(session, sent=MAX_UNANSWERED - 1, version=2))
    sessions.save_turn(TENANT, SESSION_ID, Turn(at=NOON, ended=0))
    same = key()
    assert send(headers=same).status == 201

    answer, repeated = send(), send(headers=same)

    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    assert read(answer) == {
        "success": False,
        "error": "Session has 100 unanswered messages, wait for an answer",
        "code": "TOO_MANY_UNANSWERED",
    }
    assert repeated.status == 201
    assert sessions.get(TENANT, SESSION_ID).sent == MAX_UNANSWERED


@pytest.mark.parametrize("fields", [{}, {"transport": "sse"}])
def test_send_within_rate_limit_sends_headers(send, monkeypatch, fields) -> None:
    answer = send(**fields)

    assert answer.headers["X-RateLimit-Limit"] == "1000"
    assert answer.headers["X-RateLimit-Remaining"] == "999"


def test_send_over_rate_limit_is_429(send, session, sessions, monkeypatch) -> None:
    monkeypatch.setenv("MESSAGES_PER_MINUTE", "1")
    send()

    answer = send()

    assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert read(answer)["code"] == "TOO_MANY_REQUESTS"
    assert sessions.get(TENANT, SESSION_ID).sent == 1


def test_send_renews_session(send, clock) -> None:
    clock.advance(10 * MINUTE)

    status = read(send())["sessionStatus"]

    assert (status["wasRenewed"], status["renewalCount"]) == (True, 1)
    assert status["expiresAt"] == "2026-01-01T13:10:00.000Z"


def test_send_with_attachments_stores_them(send, world) -> None:
    attachment = {"type": "image", "url": "https://example.com/a.png"}

    body = read(send(attachments=[attachment], metadata={"a": 1}))

    assert body["userMessage"]["metadata"] == {"a": 1, "attachments": [attachment]}


@pytest.mark.parametrize("fields", [{"transport": "http"}, {"mode": "sync"}])
def test_send_with_http_returns_answer(send, world, clock, rewire, fields) -> None:
    wait = sessions_wiring.core.wait_for_job

    def meanwhile(job: Job, *, timeout: int) -> Job:
        end(world, answer="Well", metadata={"thought": "hm", "actions": ["REPLY"], "x": 1})
        return wait(job, timeout=timeout)

    rewire(sessions_wiring.core, wait_for_job=meanwhile)

    body = read(send(**fields))

    assert body["agentResponse"] == {"text": "Well", "thought": "hm", "actions": ["REPLY"]}
    assert body["job"]["status"] == "completed"


def test_send_with_http_timeout_returns_message_only(send, clock) -> None:
    body = read(send(transport="http"))

    assert clock() == NOON + stream.MAX_WAIT_MS
    assert "agentResponse" not in body
    assert body["job"]["status"] == "pending"


def test_send_with_http_timeout_tells_status_of_that_moment(send, world, rewire) -> None:
    wait = sessions_wiring.core.wait_for_job

    def meanwhile(job: Job, *, timeout: int) -> Job:
        world.repository.save(job.claim(now=NOON, lease=HOUR), replacing=job)
        return wait(job, timeout=timeout)

    rewire(sessions_wiring.core, wait_for_job=meanwhile)

    assert read(send(transport="http"))["job"]["status"] == "processing"


def test_send_with_http_and_failing_agent_returns_error(send, world, rewire) -> None:
    def meanwhile(job: Job, *, timeout: int) -> Job:
        end(world, error="No tokens left")
        return world.repository.get(job.ref)

    rewire(sessions_wiring.core, wait_for_job=meanwhile)

    body = read(send(transport="http"))

    assert "agentResponse" not in body
    assert (body["job"]["status"], body["job"]["error"]) == ("failed", "No tokens left")


@pytest.mark.parametrize("fields", [{"transport": "sse"}, {"mode": "stream"}])
def test_stream_sends_message_then_answer_then_ends(send, world, fields) -> None:
    answer = send(**fields)
    chunk = answer.readline() + answer.readline() + answer.readline()
    end(world, answer="Well,\nyes", metadata={"thought": "hm"})

    rest = events(answer.read())

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    [(name, message)] = events(chunk)
    assert (name, message["content"]) == ("user_message", "Hello")
    id_ = answer_id(only_job(world))
    assert rest == [
        ("chunk", {"messageId": id_, "chunk": "Well,\nyes", "index": 0}),
        ("done", {"messageId": id_, "text": "Well,\nyes", "thought": "hm"}),
    ]


def test_stream_of_an_agent_that_speaks_has_its_words(send, world) -> None:
    answer = send(transport="sse")
    job = only_job(world)
    begun = [{"t": "start", "id": "x"}, {"t": "step-start", "id": "x"}]
    write(world, job, 1, *begun, {"t": "text", "text": "Void"})
    write(world, job, 2, RESTARTED, begun[1], {"t": "text", "text": "Well"}, attempt=2)
    write(world, job, 3, {"t": "text", "text": ", yes"}, attempt=2)
    end(world, answer="Well, yes")
    finish = {"t": "finish", "reason": "stop", "in": 0, "out": 0}
    write(world, job, 4, finish, end=True, attempt=2)

    text = answer.read()

    about = {"messageId": answer_id(job)}
    assert events(text)[1:] == [
        ("chunk", about | {"chunk": "Void", "index": 0}),
        ("restarted", {}),
        ("chunk", about | {"chunk": "Well", "index": 0}),
        ("chunk", about | {"chunk": ", yes", "index": 1}),
        ("done", about | {"text": "Well, yes"}),
    ]
    assert b"id: 3.1\nevent: chunk\n" in text


def test_chunk_has_the_position_of_its_text_in_the_jobs_stream() -> None:
    begun: list[OutputEvent] = [{"t": "start", "id": "x"}, {"t": "step-start", "id": "x"}]
    text: OutputEvent = {"t": "text", "text": "Well"}
    finish: OutputEvent = {"t": "finish", "reason": "stop", "in": 0, "out": 0}
    items = [
        OutputItem(number=1, events=[*begun, text], end=False),
        OutputItem(number=2, events=[text, RESTARTED, begun[1], text], end=False),
        OutputItem(number=3, events=[finish], end=True),
    ]
    own, jobs = (
        b"".join(Playback(wire, START).play(items)).decode() for wire in (stream.make_wire("x"), V5)
    )

    places = re.findall(r"id: (\S+)\nevent: (?:chunk|restarted)", own)

    assert places == re.findall(r'id: (\S+)\ndata: {"type":"(?:text-delta|data-restarted)', jobs)
    assert own.count("id: ") == len(places) == 4


def test_stream_with_failing_agent_ends_with_reason(send, world) -> None:
    answer = send(transport="sse")
    end(world, error="No tokens left")

    assert events(answer.read())[-1] == ("error", {"error": "No tokens left"})


def test_stream_without_answer_ends_at_deadline(send, world, clock) -> None:
    answer = send(transport="sse")
    for _ in range(3):
        answer.readline()
    clock.advance(120_000)

    [*_, last] = events(answer.read())

    assert last == ("error", {"error": "Job timed out waiting for agent response"})


def test_stream_with_unavailable_database_sends_heartbeats(send, world, monkeypatch) -> None:
    def away(ref: JobRef) -> None:
        raise UnavailableError

    status_of = world.repository.status_of
    monkeypatch.setattr(world.repository, "status_of", away)
    answer = send(transport="sse")
    assert any(line.startswith(b":") for line in iter(answer.readline, b""))
    monkeypatch.setattr(world.repository, "status_of", status_of)
    end(world, answer="Well")

    assert answer.read().count(b"event: done") == 1


@pytest.mark.parametrize(("fields", "text"), [
    ({"content": None}, "content is required and must be a string"),
    ({"content": ""}, "content cannot be empty"),
    ({"content": "🐎" * 2001}, "content exceeds maximum length of 4000 characters"),
    ({"transport": "pigeon"}, "transport must be one of websocket, http and sse"),
    ({"transport": 1}, "transport must be one of websocket, http and sse"),
    ({"metadata": []}, "metadata must be an object"),
    ({"attachments": {}}, "attachments must be a list of objects with a url"),
    ({"attachments": [{"type": "image"}]}, "attachments must be a list of objects with a url"),
    ({"attachments": [{"url": "x" * 10_000}]}, "attachments exceed maximum size of 10000 bytes"),
])  # fmt: skip
def test_send_with_invalid_field_is_400(send, world, fields, text) -> None:
    answer = send(**{"content": "Hello"} | fields)

    assert answer.status == 400
    assert read(answer) == {"success": False, "error": text, "code": "INVALID_REQUEST"}
    assert world.repository.all() == []


def test_send_with_content_at_limits_is_accepted(send) -> None:
    assert [send(text).status for text in (" ", "🐎" * 2000)] == [201, 201]


@pytest.mark.parametrize(("mode", "status"), [
    ({"PAYMENTS": "off", "KEYS_ARE_FREE": "false"}, 201),
    ({"PAYMENTS": "required", "KEYS_ARE_FREE": "false"}, 403),
    ({"PAYMENTS": "required", "KEYS_ARE_FREE": "true"}, 403),
    ({"PAYMENTS": "instead-of-key", "KEYS_ARE_FREE": "false"}, 403),
    ({"PAYMENTS": "instead-of-key", "KEYS_ARE_FREE": "true"}, 201),
], ids=str)  # fmt: skip
def test_send_when_payment_is_required_is_403(send, world, monkeypatch, mode, status) -> None:
    for name, value in mode.items():
        monkeypatch.setenv(name, value)

    answer = send()

    assert answer.status == status
    assert len(world.repository.all()) == (status == 201)
    if status == 403:
        assert read(answer) == {
            "success": False,
            "error": "Sessions accept no payments; create a job instead",
            "code": "SESSIONS_ARE_CLOSED",
        }


@pytest.mark.parametrize("transport", ["http", "sse"])
def test_send_when_payment_is_required_is_403_for_every_transport(
    send, monkeypatch, transport
) -> None:
    monkeypatch.setenv("PAYMENTS", "required")

    answer = send(transport=transport)

    assert (answer.status, answer.headers["Content-Type"]) == (403, "application/json")


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b'{"content": NaN}', b"\xff"])
def test_send_with_non_object_body_is_400(ask, session, body) -> None:
    assert ask("POST", PATH, body).status == 400


def test_send_to_expired_foreign_or_unknown_session_fails(ask, send, clock) -> None:
    rival = {CONTEXT_HEADER: context("rival")}
    assert send(headers=rival).status == 404
    assert ask("POST", PATH.replace("c0de", "dead"), {"content": "x"}).status == 404
    assert ask("POST", PATH.replace(SESSION_ID, "x"), {"content": "x"}).status == 404
    clock.advance(60 * MINUTE)

    assert send().status == 410


def test_send_without_gateway_context_is_401(send) -> None:
    answer = send(headers={CONTEXT_HEADER: "{}"})

    assert answer.status == 401
    assert read(answer)["code"] == "INVALID_TOKEN"


def test_send_with_same_key_returns_first_message(send, world) -> None:
    once = key()

    first, again = read(send(headers=once)), read(send(headers=once))

    assert again["userMessage"] == first["userMessage"]
    assert len(world.repository.all()) == 1
    assert send("Something else", headers=once).status == 409


def test_send_with_unexpected_error_hides_details(send, rewire) -> None:
    rewire(sessions_wiring, send_message=Broken(RuntimeError("table sortie-secret is on fire")))

    answer = send()

    assert (answer.status, read(answer)["error"]) == (500, "Internal server error")
