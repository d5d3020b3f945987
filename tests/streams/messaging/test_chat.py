"""Chats whose clients send the conversation with each message, over HTTP."""

from typing import Any
from urllib.parse import quote

import pytest

from jobs.kit.asgi import CONTEXT_HEADER
from jobs.messaging.api.chat import DEFAULT_TIMEOUT, NO_USER
from jobs.messaging.chat import MAX_HISTORY_BYTES, MAX_HISTORY_CHARACTERS, MAX_HISTORY_MESSAGES
from tests.streams.conftest import TENANT, context
from tests.streams.messaging.conftest import (
    CHAT,
    USER_ID,
    chat_body,
    chunks,
    error_in,
    message,
    text_of,
)
from tests.unit.support import AGENT_ID

OTHER = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def send(ask, agents) -> Any:
    """Send a chat's body; return the response, which streams."""
    return lambda body: ask("POST", CHAT, body)


def test_message_gets_the_stream_of_its_answer(send, world) -> None:
    answer = send(chat_body(message("/stream 0.1 One two")))

    assert answer.status == 200
    assert answer.getheader("X-Vercel-AI-UI-Message-Stream") == "v1"
    assert answer.getheader("X-RateLimit-Limit") == "1000"
    read = chunks(answer)
    [job] = world.repository.all()
    assert answer.getheader("X-Job-Id") == job.id
    assert read[0][1]["messageMetadata"] == {"jobId": job.id, "agentId": AGENT_ID}
    assert text_of(read) == "One two"
    assert (job.request["userId"], job.deadline) == (NO_USER, job.created_at + DEFAULT_TIMEOUT)


def test_options_of_the_transport_reach_the_job(send, world) -> None:
    send(chat_body(message("Hi"), agentId=AGENT_ID, userId=USER_ID, timeoutMs=5000)).read()

    [job] = world.repository.all()
    assert (job.request["userId"], job.deadline) == (USER_ID, job.created_at + 5000)


def test_agent_receives_the_clients_conversation(send, agents) -> None:
    system = message("Be kind", role="system")
    before = {"id": "m2", "role": "assistant", "parts": [
        {"type": "step-start"}, {"type": "text", "text": "Hi "}, {"type": "text", "text": "you"},
    ]}  # fmt: skip

    send(chat_body(system, message("Hello"), before, message("And?", "m3"))).read()

    [question] = agents.provider.questions
    assert question.content == "And?"
    assert [(past.by_agent, past.content) for past in question.history] == [
        (False, "Hello"), (True, "Hi you"),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "kept"), [
    ("x", MAX_HISTORY_MESSAGES), ("x" * (MAX_HISTORY_CHARACTERS // 3), 3),
    ("€" * (MAX_HISTORY_BYTES // 6), 2),
])  # fmt: skip
def test_conversation_is_cut_at_its_beginning(send, agents, text, kept) -> None:
    send(
        chat_body(
            *[message(text)] * (MAX_HISTORY_MESSAGES + 1 if text == "x" else 4),
            message("And?", "last"),
        )
    ).read()

    [question] = agents.provider.questions
    assert [past.content for past in question.history] == [text] * kept


def test_repeated_message_joins_its_stream(send, agents, world) -> None:
    body = chat_body(message("/stream 0.5 One two three"))

    first, again = send(body), send(body)

    assert chunks(first) == chunks(again)
    assert len(world.repository.all()) == 1


@pytest.mark.parametrize("again", [
    {"trigger": "regenerate-message"}, {"messageId": "m1", "messages": [message("Other")]},
    {"id": "another"},
])  # fmt: skip
def test_message_regenerated_or_edited_is_a_new_one(send, world, again) -> None:
    send(chat_body(message("Hello"))).read()

    send(chat_body(message("Hello")) | again).read()

    assert len(world.repository.all()) == 2


def test_slash_in_an_id_joins_no_other_chats_stream(send, world) -> None:
    send(chat_body(message("Hello", "b/c"), id="a")).read()

    send(chat_body(message("Hello", "c"), id="a/b")).read()

    assert len(world.repository.all()) == 2


def test_other_message_of_the_same_id_is_409(send) -> None:
    send(chat_body(message("Hello"))).read()

    answer = send(chat_body(message("Other")))

    assert error_in(answer)[:2] == (409, "IDEMPOTENCY_CONFLICT")


def test_message_over_the_rate_limit_is_429(send, monkeypatch, world) -> None:
    monkeypatch.setenv("MESSAGES_PER_MINUTE", "1")
    send(chat_body(message("Hello"))).read()

    answer = send(chat_body(message("And?", "m2")))

    assert (answer.status, answer.getheader("Retry-After")) == (429, "60")
    assert len(world.repository.all()) == 1


@pytest.mark.parametrize(("body", "error"), [
    ([], "Request body must be an object"),
    ({"messages": [message("x")]}, "id must be a string of 1 to 255 printable characters"),
    (chat_body(message("x"), id=""), "id must be a string of 1 to 255 printable characters"),
    (chat_body(message("x"), id="x" * 256), "id must be a string of 1 to 255 printable characters"),
    (chat_body(message("x"), id="a\nb"), "id must be a string of 1 to 255 printable characters"),
    (chat_body(), "messages must be a list of 1 to 200 messages"),
    (chat_body(*[message("x")] * 201), "messages must be a list of 1 to 200 messages"),
    (chat_body({"parts": []}), "each message must be an object with a role"),
    (chat_body(message("x"), message("y", role="assistant")),
     "the last message must be the user's"),
    (chat_body({"id": "1", "role": "user", "parts": [{"type": "file"}]}),
     "the last message must be the user's"),
    (chat_body(message("x", role="system")), "the last message must be the user's"),
    (chat_body(message("x" * 50_001)), "content exceeds maximum length of 50000 characters"),
    (chat_body(message("x"), agentId="ada"), "Invalid agentId format (must be valid UUID)"),
    (chat_body(message("x"), userId=7), "userId is required and must be a valid UUID string"),
    (chat_body(message("x"), timeoutMs=1), "timeoutMs must be at least 1000ms"),
])  # fmt: skip
def test_invalid_body_is_400_and_changes_nothing(send, world, body, error) -> None:
    assert error_in(send(body)) == (400, "INVALID_REQUEST", error)
    assert world.repository.all() == []


def test_unknown_agent_is_404(send) -> None:
    answer = send(chat_body(message("x"), agentId=OTHER))

    assert error_in(answer) == (404, "AGENT_NOT_FOUND", f"Agent {OTHER} not found")


def test_chat_is_closed_where_jobs_need_a_payment(send, monkeypatch, world) -> None:
    monkeypatch.setenv("PAYMENTS", "required")

    assert error_in(send(chat_body(message("x"))))[:2] == (403, "CHATS_ARE_CLOSED")
    assert world.repository.all() == []


def test_running_chat_is_resumed_from_its_beginning(send, ask, agents) -> None:
    answer = send(chat_body(message("/stream 0.5 One two three"), id="a b/ü"))

    resumed = ask("GET", f"{CHAT}/a%20b%2F%C3%BC/stream")

    assert resumed.status == 200
    assert chunks(resumed) == chunks(answer)


@pytest.mark.parametrize("case", ["unknown", "over", "another tenant's", "long", "gone"])
def test_chat_without_running_answer_is_204(send, ask, agents, world, case) -> None:
    agents.away = True
    send(chat_body(message("Hello")))
    [job] = world.repository.all()
    chat, tenant = "Yj2kLm9", TENANT
    match case:
        case "unknown":
            chat = "other"
        case "long":
            chat = "ü" * 5000
        case "over":
            world.repository.save(job.cancel(now=world.clock()), replacing=job)
        case "gone":
            world.repository.delete(job)
        case "another tenant's":
            tenant = "other"

    path = f"{CHAT}/{quote(chat, safe='')}/stream"
    answer = ask("GET", path, headers={CONTEXT_HEADER: context(tenant)})

    assert (answer.status, answer.read()) == (204, b"")
    assert answer.getheader("Access-Control-Allow-Origin") == "*"
