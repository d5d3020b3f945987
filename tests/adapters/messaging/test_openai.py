"""The OpenAI-compatible provider: requests, answers and faults."""

import gzip
import json
import traceback
from typing import Any

import pytest

from jobs.core.tokens import Tokens
from jobs.core.wiring import now
from jobs.kit.errors import UpstreamError
from jobs.kit.outbound import sse
from jobs.kit.outbound.sse import EventStream
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

STREAM = b"""\
data: {"choices": [{"delta": {"content": "Fi"}}]}

data: {"choices": [{"delta": {"content": "ne"}, "finish_reason": "stop"}]}

data: [DONE]

"""
LIMIT = 300 * 1024
CUT_OFF = "The agent's answer was cut off"
MODEL = {"model": "a-model"}
FINE = Answer("Fine", MODEL)


def completion(content: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}}]}


def agent(upstream: Any, **settings: Any) -> Agent:
    sane = {"baseUrl": f"{upstream.url}/v1", "model": "a-model"}
    return Agent(id="a", name="Ada", provider="openai", settings=sane | settings)


@pytest.fixture
def provider(clock, pauses, secrets) -> OpenAiProvider:
    return OpenAiProvider(EventStream(clock), secrets)


@pytest.fixture
def ask(provider, upstream, a_question) -> Any:
    return lambda **settings: provider.ask(agent(upstream, **settings), a_question())


def test_ask_without_history_sends_one_chat_message(upstream, ask) -> None:
    upstream.then(reply(completion("Fine")))

    assert ask() == FINE

    received = upstream.only
    assert (received.method, received.path) == ("POST", "/v1/chat/completions")
    assert received.headers["content-type"] == "application/json"
    assert received.headers["idempotency-key"] == JOB_ID
    assert "authorization" not in received.headers
    assert received.body == {
        "model": "a-model",
        "messages": [{"role": "user", "content": "How are you? 🐎"}],
        "user": USER_ID,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(("usage", "tokens"), [
    ({"prompt_tokens": 12, "completion_tokens": 3}, Tokens(12, 3)),
    ({"prompt_tokens": 12, "completion_tokens": None}, Tokens(12)),
    ({"prompt_tokens": -1, "completion_tokens": "3"}, Tokens()),
    (None, Tokens()),
])  # fmt: skip
def test_answer_has_the_tokens_that_the_endpoint_counts(upstream, ask, usage, tokens) -> None:
    upstream.then(reply(completion("Fine") | {"usage": usage}))

    counted = {"inputTokens": tokens.read, "outputTokens": tokens.written}
    about = MODEL | ({"usage": counted} if tokens.read else {})
    assert ask() == Answer("Fine", about, tokens)


@pytest.mark.parametrize(("named", "model"), [
    ({"model": "a-model-2026-11-30"}, "a-model-2026-11-30"),
    ({"model": ""}, "a-model"), ({"model": 7}, "a-model"), ({"model": None}, "a-model"),
    ({"model": "\0" + "m" * 1000}, "m" * 256),
])  # fmt: skip
def test_answer_names_the_model_as_the_endpoint_does(upstream, ask, named, model) -> None:
    upstream.then(reply(completion("Fine") | named))

    assert ask() == Answer("Fine", {"model": model})


def test_ask_says_pieces_as_they_come(provider, upstream, a_question) -> None:
    upstream.then(reply(STREAM))
    said: list[str] = []

    answer = provider.ask(agent(upstream), a_question(say=said.append))

    assert (answer, said) == (FINE, ["Fi", "ne"])
    assert upstream.only.headers["accept"] == "text/event-stream"


def test_ask_of_agent_that_does_not_stream_sends_no_stream(upstream, ask) -> None:
    upstream.then(reply(completion("Fine")))

    ask(stream=False)

    assert set(upstream.only.body) == {"model", "messages", "user"}
    assert upstream.only.headers["accept"] == "application/json"


def test_ask_cut_off_after_first_piece_asks_once(provider, upstream, a_question) -> None:
    upstream.then(reply(STREAM.partition(b"\n\n")[0] + b"\n\n"), reply(STREAM))
    said: list[str] = []

    with pytest.raises(UpstreamError, match=f"^{CUT_OFF}$"):
        provider.ask(agent(upstream), a_question(say=said.append))

    assert (said, len(upstream.received)) == (["Fi"], 1)


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

    assert ask() == Answer(content, MODEL)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("after", ["7", "Thu, 01 Jan 2026 12:00:07 GMT"])
def test_ask_with_retry_after_retries_then(upstream, ask, pauses, status, after) -> None:
    upstream.then(reply({}, status, Retry_After=after), reply(completion("Fine")))

    assert ask() == FINE

    assert pauses == [7]
    assert {received.headers["idempotency-key"] for received in upstream.received} == {JOB_ID}


def test_ask_with_retry_after_past_deadline_fails_at_once(upstream, ask, pauses) -> None:
    upstream.then(reply({}, 429, Retry_After="30"))

    with pytest.raises(UpstreamError, match=r"^The agent's provider limits our requests"):
        ask()

    assert (len(upstream.received), pauses) == (1, [])


@pytest.mark.parametrize("after", ["", "-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "0"])
def test_ask_with_invalid_retry_after_backs_off(upstream, ask, pauses, after) -> None:
    upstream.then(reply({}, 429, Retry_After=after), reply(completion("Fine")))

    assert ask() == FINE
    assert 0 < pauses[0] < 1


@pytest.mark.parametrize("fault", [
    reply({"error": "no"}, 500), reply(b"<html>", 502), reply({}, 503), reply({}, 504),
    reply({}, 408), reply({}, 425), close_connection, close_in_body, close_in_chunk,
    reply(b"not gzip", Content_Encoding="gzip"),
], ids=lambda _: "")  # fmt: skip
def test_ask_with_transient_fault_retries_then_fails(upstream, ask, pauses, fault) -> None:
    upstream.then(fault, fault, reply(completion("Fine")))
    assert ask() == FINE

    upstream.received.clear()
    pauses.clear()
    upstream.then(fault)
    with pytest.raises(UpstreamError) as error:
        ask()

    assert str(error.value) in {"The agent's provider is not available", CUT_OFF}
    assert error.value.failure_class == "unavailable"
    assert len(upstream.received) == 4
    assert pauses == sorted(pauses)


@pytest.mark.parametrize("case", [
    *((status, "The agent's provider has moved to another address", "not_found")
      for status in (301, 302, 307, 308)),
    *((status, "The agent's model refused the request", "refused")
      for status in (204, 400, 422, 501)),
    (401, "The agent's provider refused our credentials", "credentials"),
    (402, "Our quota at the agent's provider is used up", "quota"),
    (403, "The agent's provider refused our credentials", "credentials"),
    (404, "The agent's model or its endpoint does not exist", "not_found"),
    (413, "The conversation is too long for the agent's model", "quota"),
])  # fmt: skip
@pytest.mark.parametrize("body", [b'{"error": "sk-secret"}', b"<html>", b""])
def test_ask_with_permanent_fault_fails_at_once(upstream, ask, case, body) -> None:
    status, text, failure_class = case
    upstream.then(reply(body, status, Location=f"{upstream.url}/elsewhere"))

    with pytest.raises(UpstreamError, match=f"^{text}$") as error:
        ask()

    assert error.value.failure_class == failure_class
    assert error.value.detail.startswith(f"HTTP {status}: ")
    assert "secret" not in error.value.detail
    assert upstream.only.path == "/v1/chat/completions"  # no redirect is followed


@pytest.mark.parametrize("body", [
    b"garbage", b"\xff\xfe", b"{", b"null", b'"text"', b"7", b"[" * 100_000, b"[7]",
    json.dumps({"choices": 7}).encode(), json.dumps({"choices": [7]}).encode(),
    json.dumps({"choices": [{"message": [7]}]}).encode(), json.dumps(completion(7)).encode(),
    json.dumps(completion([7])).encode(),
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


def test_ask_with_huge_body_stops_reading(upstream, ask, monkeypatch) -> None:
    monkeypatch.setattr(sse, "MAX_BYTES", 2**17)
    upstream.then(reply(b" " * 2**18))

    with pytest.raises(UpstreamError, match=r"^The agent's answer is too large$"):
        ask()


@pytest.mark.parametrize("fault", [never_respond, respond_slowly])
def test_ask_with_slow_server_ends_at_deadline(upstream, secrets, a_question, fault) -> None:
    upstream.then(fault)
    provider = OpenAiProvider(EventStream(now), secrets)

    with pytest.raises(UpstreamError, match=r"^The agent's provider is not available$"):
        provider.ask(agent(upstream), a_question(deadline=now() + 200))

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
    assert SECRET not in "".join(traceback.format_exception(error.value))


def test_ask_twice_with_one_client_answers_both(upstream, clock, secrets, a_question) -> None:
    provider = OpenAiProvider(EventStream(clock), secrets)
    upstream.then(reply(completion("One")), reply(completion("Two")))

    answers = [provider.ask(agent(upstream), a_question()) for _ in range(2)]

    assert answers == [Answer("One", MODEL), Answer("Two", MODEL)]


@pytest.mark.parametrize("message", [
    {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                 {"type": "text", "text": "Fine"}]},
    {"content": "<think>secret thoughts</think>\n\nFine"}, {"content": "Hm, so</think>\n\nFine"},
    {"content": "Fine", "reasoning_content": "hm", "reasoning": "hm"},
    {"content": "Fi\0ne"}, {"content": "Fine", "refusal": None, "tool_calls": []},
])  # fmt: skip
def test_ask_returns_only_text_for_users(upstream, ask, message) -> None:
    upstream.then(reply({"choices": [{"message": message, "finish_reason": "stop"}]}))

    assert ask() == FINE


@pytest.mark.parametrize("raw", [
    b"\xef\xbb\xbf" + json.dumps(completion("Fine")).encode(),
    b"\n\n  " + json.dumps(completion("Fine"), indent=1).encode() + b"\n",
    STREAM,
], ids=["BOM", "white space", "a stream"])  # fmt: skip
def test_ask_reads_other_forms_of_answer(upstream, ask, raw) -> None:
    upstream.then(reply(raw))

    assert ask() == FINE


def test_ask_reads_compressed_answer(upstream, ask) -> None:
    raw = gzip.compress(json.dumps(completion("Fine")).encode())
    upstream.then(reply(raw, Content_Encoding="gzip"))

    assert ask() == FINE


def test_ask_reads_answer_in_declared_charset(upstream, ask) -> None:
    raw = '{"choices": [{"message": {"content": "Grüße"}}]}'.encode("latin-1")
    upstream.then(reply(raw, Content_Type="application/json; charset=iso-8859-1"))

    assert ask() == Answer("Grüße", MODEL)


@pytest.mark.parametrize("case", [
    ({"content": None, "refusal": "I cannot do that."}, "stop", "I cannot do that.", "refused"),
    ({"content": None}, "stop", "The agent gave no answer", "bad_answer"),
    ({"content": " \n"}, "stop", "The agent gave no answer", "bad_answer"),
    ({"content": None, "reasoning_content": "So"}, "stop", "The agent gave no answer",
     "bad_answer"),
    ({"content": None, "reasoning_content": "So"}, "length",
     "The agent gave no answer: it was cut off at the model's limit", "quota"),
    ({"content": "<think>So, if"}, "length",
     "The agent gave no answer: it was cut off at the model's limit", "quota"),
    ({"content": "How to"}, "content_filter",
     "The agent's answer was blocked by the provider's filter", "refused"),
    ({"content": None, "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{}"}}]},
     "tool_calls", "The agent gave no answer", "bad_answer"),
])  # fmt: skip
def test_ask_without_whole_answer_tells_reason(upstream, ask, case) -> None:
    message, finish, text, failure_class = case
    upstream.then(reply({"choices": [{"message": message, "finish_reason": finish}]}))

    with pytest.raises(UpstreamError) as error:
        ask()

    assert (str(error.value), error.value.failure_class) == (text, failure_class)
    assert len(upstream.received) == 1


def test_ask_with_answer_cut_off_marks_it(upstream, ask) -> None:
    message = {"content": "One, two"}
    upstream.then(reply({"choices": [{"message": message, "finish_reason": "length"}]}))

    assert ask() == Answer("One, two", MODEL | {"finishReason": "length"})


def test_ask_again_without_field_that_endpoint_refuses(upstream, ask) -> None:
    detail = [{"type": "extra_forbidden", "loc": ["body", "user"], "msg": "Not permitted"}]
    refused = reply({"object": "error", "message": {"detail": detail}}, 422)
    upstream.then(refused, reply(completion("Fine")))

    assert ask() == FINE

    assert ["user" in each.body for each in upstream.received] == [True, False]


def test_ask_does_not_send_omitted_fields(upstream, ask) -> None:
    upstream.then(reply(completion("Fine")))

    ask(omit=["user"])

    assert set(upstream.only.body) == {"model", "messages", "stream", "stream_options"}


def test_ask_with_web_page_in_place_of_answer_tells_so(upstream, ask) -> None:
    upstream.then(reply(b"<html>Login</html>", Content_Type="text/html"))

    with pytest.raises(UpstreamError, match=r"^The agent's provider sent a web page, no answer$"):
        ask()
