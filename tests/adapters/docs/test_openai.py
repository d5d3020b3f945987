"""OpenAI-compatible endpoints with tools: requests, streamed responses and faults."""

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.core.wiring import now
from jobs.docs.adapters.models.openai import OpenAiTools
from jobs.docs.agent.loop import DocsAgent
from jobs.docs.docs_job import DocsJob, Project
from jobs.docs.ports import Tool, ToolCall, Turn
from jobs.kit.errors import UpstreamError
from jobs.kit.outbound import sse
from jobs.kit.outbound.sse import EventStream
from local.kit.network import find_free_port, is_responding
from tests.adapters.messaging.conftest import SECRET
from tests.adapters.upstream import (
    close_connection,
    close_in_body,
    never_respond,
    reply,
    respond_slowly,
    with_early_answers,
)
from tests.support import NOON
from tests.unit.docs.checkout import MemoryCheckout

NODE = Path(__file__).parents[2] / "node"
TOOL = Tool(name="read", description="Read", parameters={"type": "object", "properties": {}})
ASK = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hello 🐎"}]
UNAVAILABLE = "The agent's provider is not available"
LIMITED = "The agent's provider limits our requests; try again later"


def delta(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def end(reason: str = "stop") -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def call(index: int | None, arguments: str, **about: Any) -> dict[str, Any]:
    part: dict[str, Any] = {"function": {"arguments": arguments, **about.pop("function", {})}}
    return delta(tool_calls=[part | about | ({} if index is None else {"index": index})])


USAGE = {"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3}}
WIRE = b"""\
data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\r
\r
: ping\r
data: {"id":"c","choices":[{"index":0,"delta":{"content":"Looking \xf0\x9f\x90\x8e"},"finish_reason":null}],"usage":null}\r
\r
event: message\r
data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"read","arguments":""}}]},"finish_reason":null}]}\r
data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"pa"}}]}}]}\r
data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_b","function":{"name":"read","arguments":"{}"}}]}}]}\r
data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"th\\":1}"}}]}}]}\r
data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\r
data: {"id":"c","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}\r
data: [DONE]\r
\r
"""  # noqa: E501 - as it goes over the wire


def stream(*events: Any, done: bool = True) -> Any:
    lines = [f"data: {e if isinstance(e, str) else json.dumps(e)}\n\n" for e in events]
    raw = "".join([*lines, *(["data: [DONE]\n\n"] if done else [])]).encode()
    return reply(raw, Content_Type="text/event-stream")


def bytewise(raw: bytes) -> Any:
    def answer(handler: Any) -> None:
        handler.respond(200, b"", len(raw))
        for each in raw:
            handler.wfile.write(bytes([each]))
            handler.wfile.flush()

    return answer


@pytest.fixture
def texts() -> list[str]:
    return []


@pytest.fixture
def ask(upstream, clock, pauses, texts) -> Any:
    def ask(messages: Any = ASK, *, key: str | None = SECRET, **settings: Any) -> Turn:
        sane = {"baseUrl": f"{upstream.url}/v1/", **settings}
        model = OpenAiTools(EventStream(clock), sane, "a-model", key)
        return model.turn(messages, [TOOL], emit_text=texts.append, deadline=NOON + 30_000)

    return ask


def test_messages_of_the_user_in_a_row_are_joined(upstream, ask) -> None:
    upstream.then(stream(delta(content="Fine"), end()))
    said = {"role": "assistant", "content": "Hm"}
    users = [{"role": "user", "content": word} for word in ("Notes", "Ask", "More")]

    ask([ASK[0], *users[:2], said, users[2]])

    assert upstream.only.body["messages"] == [
        ASK[0], {"role": "user", "content": "Notes\n\nAsk"}, said, users[2],
    ]  # fmt: skip


def error_text(ask: Any) -> str:
    with pytest.raises(UpstreamError) as error:
        ask()
    assert SECRET not in str(error.value)
    assert "127.0.0.1" not in str(error.value)
    return str(error.value)


def test_messages_are_sent_in_format_of_api(upstream, ask) -> None:
    upstream.then(stream(delta(content="Fine"), end()))
    calls = [
        ToolCall(id="c1", name="read", args={"path": "é"}),
        ToolCall(id="c2", name="x y", args=None, raw='{"a":', extra={"google": {"s": "sig"}}),
    ]

    ask(
        [
            *ASK,
            {"role": "assistant", "content": "", "calls": calls, "reasoning": "Hm"},
            {"role": "tool", "id": "c1", "content": "{}"},
            {"role": "assistant", "content": "So", "calls": [], "reasoning": "Hm"},
        ],
        parameters={"temperature": 0, "stream": False},
    )

    received = upstream.only
    assert (received.method, received.path) == ("POST", "/v1/chat/completions")
    assert received.headers["authorization"] == f"Bearer {SECRET}"
    assert received.body == {
        "model": "a-model",
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [{
            "type": "function",
            "function": {"name": "read", "description": "Read", "parameters": TOOL.parameters},
        }],
        "messages": [
            *ASK,
            {"role": "assistant", "content": None, "reasoning_content": "Hm", "tool_calls": [
                {"id": "c1", "type": "function",
                 "function": {"name": "read", "arguments": '{"path":"é"}'}},
                {"id": "c2", "type": "function", "extra_content": {"google": {"s": "sig"}},
                 "function": {"name": "x_y", "arguments": '{"invalid_json":"{\\"a\\":"}'}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "{}"},
            {"role": "assistant", "content": "So"},
        ],
    }  # fmt: skip


def test_request_without_key_has_no_authorization(upstream, ask) -> None:
    upstream.then(stream(end()))

    ask(key=None)

    assert "authorization" not in upstream.only.headers


@pytest.mark.parametrize("answer", [reply(WIRE), bytewise(WIRE)], ids=["at once", "byte by byte"])
def test_recorded_answer_is_assembled(upstream, ask, texts, answer) -> None:
    upstream.then(answer)

    assert ask() == Turn(
        text="Looking 🐎",
        calls=[
            ToolCall(id="call_a", name="read", args={"path": 1}),
            ToolCall(id="call_b", name="read", args={}),
        ],
        reason="tool-calls",
        tokens_in=12,
        tokens_out=3,
    )
    assert texts == ["Looking 🐎"]


def test_text_is_streamed(upstream, ask, texts) -> None:
    upstream.then(stream(*(delta(content=each) for each in ("a", "", "b ", "c")), end(), USAGE))

    turn = ask()

    assert texts == ["a", "b ", "c"]
    assert (turn.text, turn.reason, turn.tokens_in, turn.tokens_out) == ("ab c", "stop", 12, 3)


@pytest.mark.parametrize(("finish", "reason"), [
    ("stop", "stop"), ("STOP", "stop"), ("eos", "stop"), ("length", "length"),
    ("MAX_TOKENS", "length"), ("model_length", "length"), ("content_filter", "content-filter"),
    ("SAFETY", "content-filter"), ("tool_calls", "other"), ("function_call", "other"),
    ("something_new", "other"),
])  # fmt: skip
def test_stop_reason_is_mapped(upstream, ask, finish, reason) -> None:
    upstream.then(stream(delta(content="x"), end(finish)))

    assert ask().reason == reason


def test_arguments_not_object_are_returned_with_problem(upstream, ask) -> None:
    upstream.then(stream(call(0, '{"a":', id="c", function={"name": "read"}), end("length")))

    turn = ask()

    problem = "they were cut off"
    assert turn.calls == [ToolCall(id="c", name="read", args=None, raw='{"a":', problem=problem)]
    assert turn.reason == "length"


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "function_call", "", None, "other"])
def test_turn_with_calls_is_tool_calls_whatever_its_reason(upstream, ask, finish) -> None:
    upstream.then(stream(call(0, "{}", id="c", function={"name": "read"}), end(finish)))

    assert ask().reason == "tool-calls"


def test_turn_with_done_but_without_reason_is_finished(upstream, ask) -> None:
    upstream.then(stream(delta(content="Fine")))

    assert (ask().text, ask().reason) == ("Fine", "stop")


def test_refusal_is_reason_of_failure(upstream, ask, texts) -> None:
    upstream.then(stream(delta(refusal="I cannot"), delta(refusal=" do that."), end()))

    with pytest.raises(UpstreamError, match=r"^I cannot do that\.$") as error:
        ask()

    assert error.value.failure_class == "refused"
    assert texts == []


def test_reasoning_is_kept_for_endpoint_only(upstream, ask, texts) -> None:
    upstream.then(stream(
        delta(content=None, reasoning_content="H"), delta(content="", reasoning_content="m"),
        delta(reasoning="Oh", reasoning_details=[{"text": "Oh"}]), delta(content="Fine"), end(),
    ))  # fmt: skip

    turn = ask()

    assert (turn.text, turn.reasoning, texts) == ("Fine", "Hm", ["Fine"])


@pytest.mark.parametrize("answer", [
    {"choices": [{"message": {"content": "<think>Hm</think>\n\nHi"}, "finish_reason": "stop"}]},
    {"choices": [{"index": 0, "message": {"content": [{"type": "text", "text": "Hi"}]}}]},
], ids=["with reason", "without"])  # fmt: skip
def test_json_in_place_of_stream_is_read(upstream, ask, texts, answer) -> None:
    upstream.then(reply(answer))

    turn = ask()

    assert (turn.text, turn.reason, texts) == ("Hi", "stop", ["Hi"])
    assert len(upstream.received) == 1


def test_web_page_in_place_of_stream_is_not_retried(upstream, ask) -> None:
    upstream.then(reply(b"\n<!DOCTYPE html><html>Login</html>", Content_Type="text/html"))

    assert error_text(ask) == "The agent's provider sent a web page, no answer"
    assert len(upstream.received) == 1


def test_compressed_stream_is_read(upstream, ask) -> None:
    raw = f"data: {json.dumps(delta(content='Fine'))}\n\ndata: [DONE]\n\n".encode()
    upstream.then(reply(gzip.compress(raw), Content_Encoding="gzip"))

    assert ask().text == "Fine"


def test_informational_answer_is_skipped(upstream, ask) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
    upstream.then(with_early_answers(early, stream(delta(content="Fine"), end())))

    assert ask().text == "Fine"


REFUSED_FIELD = [
    (400, {"error": {"message": "Unrecognized request argument supplied: stream_options"}}),
    (400, {"error": {"message": "Unknown parameter", "param": "stream_options"}}),
    (422, {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs"}]}),
    (400, [{"error": {"code": 400, "message": 'Unknown name "stream_options": no field'}}]),
    (200, {"error": {"code": 400, "message": "stream_options is not supported"}}),
]


@pytest.mark.parametrize(("status", "body"), REFUSED_FIELD)
def test_optional_field_refused_by_name_is_left_out(upstream, clock, pauses, status, body) -> None:
    fine = stream(delta(content="Fine"), end())
    upstream.then(reply(body, status), fine, fine)
    model = OpenAiTools(EventStream(clock), {"baseUrl": upstream.url}, "m", None)

    for _ in range(2):
        turn = model.turn(ASK, [TOOL], emit_text=lambda _: None, deadline=NOON + 30_000)
        assert turn.text == "Fine"

    sent = ["stream_options" in each.body for each in upstream.received]
    assert sent == [True, False, False]  # it remembers
    assert pauses == []


def test_field_refused_twice_raises_error(upstream, ask) -> None:
    upstream.then(reply({"error": "stream_options"}, 400))

    assert error_text(ask) == "The agent's model refused the request"
    assert len(upstream.received) == 2


def test_omitted_fields_are_not_sent(upstream, ask) -> None:
    upstream.then(stream(end()))

    ask(omit=["stream_options", "seed", "model"], parameters={"seed": 1, "top_p": 1})

    assert {"stream_options", "seed"}.isdisjoint(upstream.only.body)
    assert upstream.only.body["top_p"] == 1
    assert upstream.only.body["model"] == "a-model"


@pytest.mark.parametrize("fault", [
    reply({}, 429), reply({}, 500), reply({}, 503), reply({}, 529), reply({}, 409),
    reply({}, 524), reply({"error": {"code": 502, "message": "Upstream gone"}}),
    close_connection, close_in_body,
    stream(delta(role="assistant", content=""), done=False), stream({"error": {"message": "x"}}),
    stream(end("error")), stream(delta(role="assistant", content="")), reply(b": hello\n\n"),
    reply(b"event: error\ndata: overloaded\n\n"), reply(b'data: {"choices": [{"de'),
    reply(b'event: error\ndata: {"message": "overloaded", "type": "server_error"}\n\n'),
    stream(call(0, "{", id="c", function={"name": "read"}), done=False), reply(b""),
], ids=lambda _: "")  # fmt: skip
def test_transient_failure_before_text_is_retried(upstream, ask, texts, pauses, fault) -> None:
    upstream.then(fault, fault, stream(delta(content="Fine"), end()))
    assert ask().text == "Fine"
    assert texts == ["Fine"]
    assert len(pauses) == 2

    upstream.received.clear()
    upstream.then(fault)
    assert error_text(ask)
    assert len(upstream.received) == 4


@pytest.mark.parametrize("cut", [
    stream(delta(content="Fi"), done=False), stream(delta(content="Fi"), {"error": "overloaded"}),
    stream(delta(content="Fi"), end("error")),
    stream(delta(content="Fi"), {"choices": [{"error": {"code": 500}, "finish_reason": "error"}]}),
    lambda handler: handler.respond(200, b'data: {"choices":[{"delta":{"content":"Fi"}}]}\n\n', 99),
], ids=["short", "error", "finish error", "error in choice", "cut"])  # fmt: skip
def test_failure_after_text_is_not_retried(upstream, ask, texts, cut) -> None:
    upstream.then(cut, stream(delta(content="Fine"), end()))

    assert error_text(ask) in {
        "The agent's answer was cut off", "The agent's model has failed", UNAVAILABLE,
    }  # fmt: skip
    assert texts == ["Fi"]
    assert len(upstream.received) == 1


@pytest.mark.parametrize("after", ["7", "Thu, 01 Jan 2026 12:00:07 GMT"])
def test_retry_after_header_sets_delay(upstream, ask, pauses, after) -> None:
    upstream.then(reply({}, 429, Retry_After=after), stream(end()))
    ask()
    assert pauses == [7]

    upstream.received.clear()
    upstream.then(reply({}, 429, Retry_After="30"))
    assert error_text(ask) == LIMITED
    assert len(upstream.received) == 1


@pytest.mark.parametrize("case", [
    (301, "", "provider has moved to another address", "not_found"),
    (400, "temperature must be at most 1", "model refused the request", "refused"),
    (400, "API key not valid. Please pass a valid API key.", "refused our credentials",
     "credentials"),
    (400, "This model's maximum context length is 8192 tokens", "conversation is too long",
     "quota"),
    (400, {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}},
     "blocked by the provider's filter", "refused"),
    (400, {"code": "model_not_found"}, "does not exist", "not_found"),
    (401, "", "refused our credentials", "credentials"),
    (402, "Insufficient credits", "quota at the agent's provider is used up", "quota"),
    (403, "No access", "refused our credentials", "credentials"),
    (403, {"metadata": {"reasons": ["hate"], "flagged_input": "x"}, "message": "flagged"},
     "blocked by the provider's filter", "refused"),
    (404, "The model `x` does not exist", "does not exist", "not_found"),
    (413, "", "conversation is too long", "quota"),
    (429, {"code": "insufficient_quota"}, "is used up", "quota"),
    (500, "the request exceeds the available context size", "is too long", "quota"),
    (501, "", "model refused the request", "refused"),
])  # fmt: skip
def test_permanent_failure_is_not_retried(upstream, ask, case) -> None:
    status, error, text, failure_class = case
    upstream.then(reply({"error": error}, status, Location=f"{upstream.url}/elsewhere"))

    with pytest.raises(UpstreamError, match=text) as raised:
        ask()

    assert raised.value.failure_class == failure_class
    assert raised.value.detail.startswith(f"HTTP {status}: ")
    assert len(upstream.received) == 1


def test_error_within_success_is_judged_by_its_code(upstream, ask) -> None:
    upstream.then(reply({"error": {"code": 402, "message": "no credits"}}))

    assert error_text(ask) == "Our quota at the agent's provider is used up"
    assert len(upstream.received) == 1


def test_key_in_error_of_endpoint_is_not_in_detail(upstream, ask) -> None:
    told = f"Incorrect API key provided: {SECRET}, sk-abc12***xyz. See https://a.example/?k=v1"
    upstream.then(reply({"error": {"message": told, "code": "invalid_api_key"}}, 401))

    with pytest.raises(UpstreamError) as error:
        ask()

    assert error.value.detail == (
        "HTTP 401: invalid_api_key: Incorrect API key provided: …, … See https://a.example/…"
    )


def test_retry_delay_in_body_sets_delay(upstream, ask, pauses) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]
    told = "You exceeded your current quota, please check your plan and billing details"
    body = [{"error": {"code": 429, "message": told, "details": details}}]
    upstream.then(reply(body, 429), stream(delta(content="Fine"), end()))

    assert ask().text == "Fine"
    assert pauses == [7]


@pytest.mark.parametrize("event", [
    "{", "null", "[7]", "7", '{"choices": 7}', '{"choices": [7]}', '{"choices": [{"delta": 7}]}',
    '{"choices": [{"delta": {"content": 7}}]}', '{"choices": [{"delta": {"tool_calls": 7}}]}',
    '{"choices": [{"delta": {"tool_calls": [7]}}]}',
    '{"choices": [{"delta": {"tool_calls": [{"function": [7]}]}}]}', "[" * 100_000, "\udcff",
], ids=lambda event: event[:40])  # fmt: skip
def test_malformed_answer_raises_error(upstream, ask, event) -> None:
    raw = b"data: " + event.encode(errors="surrogateescape") + b"\n\n"
    upstream.then(reply(raw))

    assert error_text(ask) == "The agent's answer is malformed"


@pytest.mark.parametrize("raw", [
    b'data: {"choices":[]}\n' * 20_000, b"data: " + b"x" * 2**18, b"\n" * 2**18,
], ids=["events", "a line", "nothing"])  # fmt: skip
def test_answer_over_limit_raises_error(upstream, ask, raw, monkeypatch) -> None:
    monkeypatch.setattr(sse, "MAX_BYTES", 2**17)
    upstream.then(reply(raw))

    assert error_text(ask) == "The agent's answer is too large"


@pytest.mark.parametrize("fault", [never_respond, respond_slowly], ids=["silent", "chatty"])
def test_deadline_during_retry_raises_error(upstream, fault) -> None:
    upstream.then(fault)
    model = OpenAiTools(EventStream(now), {"baseUrl": upstream.url}, "m", None)

    with pytest.raises(UpstreamError):
        model.turn(ASK, [], emit_text=lambda _: None, deadline=now() + 300)


def test_silent_model_times_out_at_deadline(upstream) -> None:
    upstream.then(never_respond)
    model = OpenAiTools(EventStream(now, idle=0.05), {"baseUrl": upstream.url}, "m", None)

    with pytest.raises(UpstreamError, match=UNAVAILABLE):
        model.turn(ASK, [], emit_text=lambda _: None, deadline=now() + 1500)

    assert len(upstream.received) > 1


def test_malformed_key_is_not_in_error(ask) -> None:
    with pytest.raises(UpstreamError, match=r"^The agent's provider is misconfigured$"):
        ask(key="a\nb")


@pytest.fixture
def peer(tmp_path) -> Iterator[str]:
    """A third-party server that emulates OpenAI's API."""
    program = NODE / "node_modules/@copilotkit/aimock/dist/cli.js"
    if not (shutil.which("node") and program.exists()):
        if os.environ.get("CI") == "true":
            pytest.fail("Node or the npm packages are missing")
        pytest.skip("Node or the npm packages are missing")
    port = find_free_port()
    command = ["node", program, "-p", str(port), "-f", NODE / "aimock", "--strict"]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen([str(each) for each in command], stdout=log, stderr=log) as running,
    ):
        try:
            while not is_responding(f"http://127.0.0.1:{port}/"):
                assert running.poll() is None, (tmp_path / "log").read_text()
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            running.terminate()


def test_turn_with_third_party_server_is_assembled(peer) -> None:
    project = Project(id="p", tenant="acme", repository="https://git.example/docs", folder="docs")
    session = DocsJob(project="p", branch="docs/x", model="sonnet", repository="r")
    checkout = MemoryCheckout({"docs/a.mdx": b"# Old\n", "docs/b.mdx": b"b"})
    events: list[Any] = []
    model = OpenAiTools(EventStream(now), {"baseUrl": peer}, "gpt-4o", "a-key")

    written = DocsAgent(models=lambda *_: model, clock=now)(
        project, session, [{"role": "user", "content": "rename the page"}], checkout,
        emit=events.append, note=lambda **_: None, job_id="j1",
        deadline=now() + 20_000,
    )  # fmt: skip

    assert (
        checkout.contents["docs/a.mdx"]
        == "# New title é🐎, rather long so that it is split\n".encode()
    )
    assert written.message == "Renamed the page."
    assert written.summary == "Rename a page"
    assert "".join(e["text"] for e in events if e["t"] == "text") == "Looking."
    assert [e["name"] for e in events if e["t"] == "tool-call"] == [
        "read_file", "read_file", "write_file", "finish",
    ]  # fmt: skip
    with pytest.raises(UpstreamError, match=LIMITED):
        model.turn([{"role": "user", "content": "boom"}], [], emit_text=print, deadline=now() + 500)
