"""Bedrock's models with tools: requests, and recorded event streams."""

from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from jobs.core.wiring import now
from jobs.docs.adapters.models.bedrock import BedrockTools
from jobs.docs.ports import Tool, ToolCall, Turn
from jobs.kit.errors import UpstreamError
from tests.adapters.converse_wire import START, Wire, event, stop, text, tool
from tests.adapters.engines import client as aws_client
from tests.adapters.engines import error_response
from tests.support import NOON

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
TOOL = Tool(name="read", description="Read", parameters=SCHEMA)
ASK = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hello 🐎"}]
UNAVAILABLE = r"^The agent's model is not available$"
LIMITED = "^The agent's provider limits our requests; try again later$"
REFUSED = "^The agent's model refused the request$"


@pytest.fixture
def bedrock() -> Any:
    return aws_client("bedrock-runtime")


@pytest.fixture
def wire(bedrock) -> Wire:
    return Wire(bedrock)


@pytest.fixture
def texts() -> list[str]:
    return []


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def ask(bedrock, clock, texts, slept) -> Any:
    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(round(seconds * 1000))

    def requests(messages: Any = ASK, **settings: Any) -> Turn:
        model = BedrockTools(bedrock, settings, "a-model", clock, sleep)
        return model.turn(messages, [TOOL], emit_text=texts.append, deadline=NOON + 30_000)

    return requests


def test_turn_is_assembled_from_pieces(wire, ask, texts) -> None:
    wire.raw = b"".join([
        START, text("Look"), text("ing 🐎"), event("contentBlockStop", {"contentBlockIndex": 0}),
        tool(1, "read", "", '{"pa', 'th": "docs/é"', "}"), tool(2, "list"), stop("tool_use"),
    ])  # fmt: skip

    assert ask() == Turn(
        text="Looking 🐎",
        calls=[
            ToolCall(id="tooluse_1", name="read", args={"path": "docs/é"}),
            ToolCall(id="tooluse_2", name="list", args={}),
        ],
        reason="tool-calls",
        tokens_in=12,
        tokens_out=3,
    )
    assert texts == ["Look", "ing 🐎"]


def test_messages_are_sent_in_format_of_api(wire, ask) -> None:
    wire.raw = START + text("Fine") + stop("end_turn")
    calls = [
        ToolCall(id="t1", name="read", args={"path": "a"}),
        ToolCall(id="t2", name="x y", args=None, raw='{"a":'),
    ]

    ask(
        [
            *ASK,
            {"role": "assistant", "content": " ", "calls": calls},
            {"role": "tool", "id": "t1", "content": '{"content": "x"}'},
            {"role": "tool", "id": "t2", "content": '{"error": "y"}'},
            {"role": "user", "content": "And?"},
        ],
        inference={"maxTokens": 100},
    )

    [requests] = wire.requests
    assert requests == {
        "system": [{"text": "Be kind"}],
        "inferenceConfig": {"maxTokens": 100},
        "toolConfig": {"tools": [{"toolSpec": {
            "name": "read", "description": "Read", "inputSchema": {"json": SCHEMA},
        }}]},
        "messages": [
            {"role": "user", "content": [{"text": "Hello 🐎"}]},
            {"role": "assistant", "content": [
                {"toolUse": {"toolUseId": "t1", "name": "read", "input": {"path": "a"}}},
                {"toolUse": {"toolUseId": "t2", "name": "x_y", "input": {"invalid_json": '{"a":'}}},
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"text": '{"content": "x"}'}]}},
                {"toolResult": {"toolUseId": "t2", "content": [{"text": '{"error": "y"}'}]}},
                {"text": "And?"},
            ]},
        ],
    }  # fmt: skip


def test_messages_sent_begin_and_end_with_user(wire, ask) -> None:
    wire.raw = START + text("x") + stop("end_turn")

    ask([{"role": "assistant", "content": "Hi"}, {"role": "assistant", "content": "there"}])

    roles = [each["role"] for each in wire.requests[0]["messages"]]
    assert roles == ["user", "assistant", "user"]


@pytest.mark.parametrize(("reason", "known"), [
    ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"),
    ("model_context_window_exceeded", "length"), ("content_filtered", "content-filter"),
    ("malformed_model_output", "other"), ("malformed_tool_use", "other"), ("tool_use", "other"),
])  # fmt: skip
def test_stop_reason_is_mapped(wire, ask, reason, known) -> None:
    wire.raw = START + text("x") + stop(reason)

    assert ask().reason == known


def test_stop_reason_of_tool_calls_is_mapped(wire, ask) -> None:
    wire.raw = START + tool(0, "read", "{}") + stop("tool_use")

    assert ask().reason == "tool-calls"


@pytest.mark.parametrize(("words", "reason"), [
    ("", "The agent's answer was blocked by the provider's filter"),
    ("Not here.", "The agent's answer was blocked by the provider's filter: Not here."),
])  # fmt: skip
def test_guardrail_ends_turn_with_its_text(wire, ask, words, reason) -> None:
    wire.raw = START + text(words) + stop("guardrail_intervened")

    with pytest.raises(UpstreamError) as error:
        ask()

    assert (str(error.value), error.value.failure_class) == (reason, "refused")


def test_thoughts_in_text_are_not_emitted(wire, ask, texts) -> None:
    pieces = ("<thin", "king>I wonder</thi", "nking>\n\n", "Fi", "ne <", "3")
    wire.raw = START + b"".join(map(text, pieces)) + stop("end_turn")

    assert ask().text == "Fine <3"
    assert "".join(texts) == "Fine <3"


def test_reasoning_is_not_emitted(wire, ask, texts) -> None:
    thought = {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Hm"}}}
    wire.raw = START + event("contentBlockDelta", thought) + text("Fine", 1) + stop("end_turn")

    assert ask().text == "Fine"
    assert texts == ["Fine"]


@pytest.mark.parametrize(("raw", "problem"), [
    ('{"a":', "they were cut off"), ("[]", "they are no object"), ("7", "they are no object"),
])  # fmt: skip
def test_arguments_not_object_are_none(wire, ask, raw, problem) -> None:
    wire.raw = START + tool(0, "read", raw) + stop("max_tokens")

    [call] = ask().calls

    assert call == ToolCall(id="tooluse_0", name="read", args=None, raw=raw, problem=problem)


@pytest.mark.parametrize(("kind", "error"), [
    ("throttlingException", LIMITED), ("modelStreamErrorException", UNAVAILABLE),
    ("internalServerException", UNAVAILABLE), ("serviceUnavailableException", UNAVAILABLE),
    ("validationException", REFUSED),
])  # fmt: skip
def test_failure_in_stream_raises_error_without_details(wire, ask, texts, kind, error) -> None:
    wire.raw = START + text("Fi") + event(kind, {"message": "arn:aws:x"}, "exception")

    with pytest.raises(UpstreamError, match=error) as raised:
        ask()

    assert raised.value.detail.endswith("arn:aws:x")
    assert texts == ["Fi"]
    assert len(wire.requests) == 1


def test_throttled_turn_is_asked_again_before_the_deadline(bedrock, wire, ask, slept) -> None:
    throttled = iter([True, True])
    bedrock.meta.events.register(
        "before-call.*.*",
        lambda **_: error_response("ThrottlingException", 429) if next(throttled, False) else None,
    )
    wire.raw = START + text("Fine") + stop("end_turn")

    assert ask().text == "Fine"
    assert slept == [5, 10]


@pytest.mark.parametrize(("code", "error"), [
    ("ThrottlingException", LIMITED), ("ValidationException", REFUSED),
    ("AccessDeniedException", "^The agent's provider refused our credentials$"),
])  # fmt: skip
def test_lasting_failure_raises_error(bedrock, ask, slept, code, error) -> None:
    bedrock.meta.events.register("before-call.*.*", lambda **_: error_response(code))

    with pytest.raises(UpstreamError, match=error):
        ask()

    assert slept == ([5, 10] if code == "ThrottlingException" else [])


@pytest.mark.parametrize("raw", [b"", START, START + text("Fi")])
def test_answer_without_end_raises_error(wire, ask, raw) -> None:
    wire.raw = raw

    with pytest.raises(UpstreamError, match=r"^The agent's answer was cut off$"):
        ask()


@pytest.mark.parametrize("raw", [b"garbage, garbage, garbage", (START + text("x"))[:-1] + b"!"])
def test_malformed_answer_raises_error(wire, ask, raw) -> None:
    wire.raw = raw

    with pytest.raises(UpstreamError):
        ask()


def test_answer_too_large_raises_error(wire, ask) -> None:
    wire.raw = START + text("x" * 100_000) * 22 + stop("end_turn")

    with pytest.raises(UpstreamError, match=r"^The agent's answer is too large$"):
        ask()


def test_deadline_during_stream_raises_error(wire, ask, clock) -> None:
    clock.advance(30_000)
    wire.raw = START + text("x") + stop("end_turn")

    with pytest.raises(UpstreamError, match=UNAVAILABLE):
        ask()


@pytest.mark.parametrize("failure", [ReadTimeoutError, ConnectTimeoutError])
def test_lost_connection_raises_same_error(bedrock, ask, failure) -> None:
    def fail(**_: Any) -> None:
        raise failure(endpoint_url="a host")

    bedrock.meta.events.register("before-call.*.*", fail)

    with pytest.raises(UpstreamError, match=UNAVAILABLE):
        ask()


def test_turn_over_network_is_assembled(cloud, texts) -> None:
    with closing(aws_client("bedrock-runtime", cloud)) as bedrock:
        model = BedrockTools(bedrock, {}, "a-model", now)
        turn = model.turn(ASK, [TOOL], emit_text=texts.append, deadline=now() + 20_000)

    assert turn.text == "".join(texts)
    assert turn.reason == "stop"
