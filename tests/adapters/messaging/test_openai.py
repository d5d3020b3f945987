"""The OpenAI-compatible provider: requests, answers and faults."""

import json
from typing import Any

import pytest

from jobs.core.wiring import now
from jobs.kit.errors import UpstreamError
from jobs.kit.outbound.rest import RestClient
from jobs.messaging.adapters.providers.openai import OpenAiProvider
from jobs.messaging.agent import Agent
from jobs.messaging.history import PastMessage
from jobs.messaging.ports import Answer
from tests.adapters.messaging.conftest import JOB_ID, SECRET, USER_ID
from tests.adapters.upstream import (
    close_connection,
    close_in_body,
    close_in_chunk,
    never_respond,
    reply,
    respond_slowly,
)

LIMIT = 300 * 1024


def completion(content: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}}]}


def agent(upstream: Any, **settings: Any) -> Agent:
    sane = {"baseUrl": f"{upstream.url}/v1", "model": "a-model"}
    return Agent(id="a", name="Ada", provider="openai", settings=sane | settings)


@pytest.fixture
def provider(client, secrets) -> OpenAiProvider:
    return OpenAiProvider(client, secrets)


@pytest.fixture
def ask(provider, upstream, a_question) -> Any:
    return lambda **settings: provider.ask(agent(upstream, **settings), a_question())


def test_ask_without_history_sends_one_chat_message(upstream, ask) -> None:
    upstream.then(reply(completion("Fine")))

    assert ask() == Answer("Fine")

    received = upstream.only
    assert (received.method, received.path) == ("POST", "/v1/chat/completions")
    assert received.headers["content-type"] == "application/json"
    assert received.headers["idempotency-key"] == JOB_ID
    assert "authorization" not in received.headers
    assert received.body == {
        "model": "a-model",
        "messages": [{"role": "user", "content": "How are you? 🐎"}],
        "user": USER_ID,
    }


def test_ask_with_history_sends_it_before_question(provider, upstream, a_question) -> None:
    upstream.then(reply(completion("Fine")))
    history = [
        PastMessage(by_agent=False, content="Hello"),
        PastMessage(by_agent=True, content="Hi"),
    ]

    provider.ask(agent(upstream, systemPrompt="Be kind"), a_question(history=history))

    assert upstream.only.body["messages"] == [
        {"role": "system", "content": "Be kind"},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "How are you? 🐎"},
    ]


def test_ask_sends_agent_settings(upstream, ask) -> None:
    upstream.then(reply(completion("Fine")))

    ask(
        baseUrl=f"{upstream.url}/v1/",
        apiKeySecret="agents/key",
        systemPrompt="Be kind",
        parameters={"temperature": 0, "model": "none of its business"},
    )

    received = upstream.only
    assert received.path == "/v1/chat/completions"
    assert received.headers["authorization"] == f"Bearer {SECRET}"
    assert received.body["temperature"] == 0
    assert received.body["model"] == "a-model"
    assert received.body["messages"][0] == {"role": "system", "content": "Be kind"}


@pytest.mark.parametrize("content", ['🐎 žluťoučký \n\t"', "x" * LIMIT, "é" * (LIMIT // 2)])
def test_ask_returns_answer_unchanged(upstream, ask, content) -> None:
    upstream.then(reply(completion(content)))

    assert ask() == Answer(content)


@pytest.mark.parametrize("status", [429, 503])
def test_ask_with_retry_after_retries_then(upstream, ask, pauses, status) -> None:
    upstream.then(reply({}, status, Retry_After="7"), reply(completion("Fine")))

    assert ask() == Answer("Fine")

    assert pauses == [7]
    assert {received.headers["idempotency-key"] for received in upstream.received} == {JOB_ID}


def test_ask_with_retry_after_past_deadline_fails_at_once(upstream, ask, pauses) -> None:
    upstream.then(reply({}, 429, Retry_After="30"))

    with pytest.raises(UpstreamError, match=r"^The agent's provider is not available$"):
        ask()

    assert (len(upstream.received), pauses) == (1, [])


@pytest.mark.parametrize("after", ["", "-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "1.5", "0"])
def test_ask_with_invalid_retry_after_backs_off(upstream, ask, pauses, after) -> None:
    upstream.then(reply({}, 429, Retry_After=after), reply(completion("Fine")))

    assert ask() == Answer("Fine")
    assert 0 < pauses[0] < 1


@pytest.mark.parametrize("fault", [
    reply({"error": "no"}, 500), reply(b"<html>", 502), reply({}, 503), reply({}, 504),
    reply({}, 408), reply({}, 425), reply({}, 429), close_connection, close_in_body, close_in_chunk,
    reply(b"not gzip", Content_Encoding="gzip"),
], ids=lambda _: "")  # fmt: skip
def test_ask_with_transient_fault_retries_then_fails(upstream, ask, pauses, fault) -> None:
    upstream.then(fault, fault, reply(completion("Fine")))
    assert ask() == Answer("Fine")

    upstream.received.clear()
    pauses.clear()
    upstream.then(fault)
    with pytest.raises(UpstreamError, match=r"^The agent's provider is not available$"):
        ask()

    assert len(upstream.received) == 4
    assert pauses == sorted(pauses)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 422, 204])
@pytest.mark.parametrize("body", [b'{"error": "sk-secret"}', b"<html>", b""])
def test_ask_with_permanent_fault_fails_at_once(upstream, ask, status, body) -> None:
    upstream.then(reply(body, status, Location=f"{upstream.url}/elsewhere"))

    with pytest.raises(UpstreamError, match=r"^The agent's model refused the request$"):
        ask()

    assert upstream.only.path == "/v1/chat/completions"  # no redirect is followed


@pytest.mark.parametrize("body", [
    b"", b"garbage", b"\xff\xfe", b"{", b"null", b"[]", b'"text"', b"7",
    b'{"choices": NaN}', b'{"choices": [{"message": {"content": Infinity}}]}',
    b'{"choices": [{"message": {"content": "\\ud800"}}]}',
    b'{"choices": [{"message": {"content": "\\u0000"}}]}',
    b"[" * 100_000,
    json.dumps({"choices": []}).encode(), json.dumps({"choices": {}}).encode(),
    json.dumps({"choices": [{}]}).encode(), json.dumps({"choices": [{"message": []}]}).encode(),
    json.dumps(completion(None)).encode(), json.dumps(completion("")).encode(),
    json.dumps(completion(7)).encode(),
    json.dumps(completion([{"type": "text"}])).encode(),
], ids=lambda body: repr(body[:40]))  # fmt: skip
def test_ask_with_malformed_answer_raises_upstream_error(upstream, ask, body) -> None:
    upstream.then(reply(body))

    with pytest.raises(UpstreamError, match=r"^The agent's answer is malformed$"):
        ask()

    assert len(upstream.received) == 1


@pytest.mark.parametrize("content", ["x" * (LIMIT + 1), "é" * LIMIT, '"' * (LIMIT // 2 + 1)])
def test_ask_with_answer_stored_over_300_kb_raises_upstream_error(upstream, ask, content) -> None:
    upstream.then(reply(completion(content)))

    with pytest.raises(UpstreamError, match=r"^The agent's answer is larger than 300 KB$"):
        ask()


def test_ask_with_huge_body_stops_reading(upstream, ask) -> None:
    upstream.then(reply(b" " * 3 * 2**20))

    with pytest.raises(UpstreamError, match=r"^The agent's answer is too large$"):
        ask()


@pytest.mark.parametrize("fault", [never_respond, respond_slowly])
def test_ask_with_slow_server_ends_at_deadline(upstream, fast_client, secrets, a_question, fault):
    upstream.then(fault)

    with pytest.raises(UpstreamError, match=r"^The agent's provider is not available$"):
        OpenAiProvider(fast_client, secrets).ask(agent(upstream), a_question(deadline=now() + 200))

    assert len(upstream.received) == 1


def test_ask_unreachable_server_hides_host(ask) -> None:
    with pytest.raises(UpstreamError, match=r"^The agent's provider is not available$"):
        ask(baseUrl="http://127.0.0.1:1/v1")


@pytest.mark.parametrize("key", ["two\nlines", "new line\n", "\0"])
def test_ask_with_invalid_api_key_hides_it(upstream, ask, secrets, key) -> None:
    secrets.values["agents/key"] = f"{SECRET}{key}"

    with pytest.raises(UpstreamError) as error:
        ask(apiKeySecret="agents/key")

    assert SECRET not in str(error.value)
    assert error.value.__suppress_context__  # a log would show it


def test_ask_twice_with_one_client_answers_both(upstream, clock, secrets, a_question) -> None:
    provider = OpenAiProvider(RestClient(clock), secrets)
    upstream.then(reply(completion("One")), reply(completion("Two")))

    answers = [provider.ask(agent(upstream), a_question()) for _ in range(2)]

    assert answers == [Answer("One"), Answer("Two")]
