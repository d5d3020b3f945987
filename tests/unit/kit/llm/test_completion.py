"""The shapes of answers that endpoints send."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.kit.errors import UpstreamError
from jobs.kit.llm.completion import Completion, CompletionReader
from jobs.kit.outbound.event_reader import ServerEvent
from jobs.kit.outbound.sse import PeerError, TransientError


def delta(finish: Any = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def message(finish: Any = "stop", **message: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def read(*chunks: Any) -> Completion:
    reader = CompletionReader({"read"})
    for chunk in chunks:
        reader.take(ServerEvent(chunk if isinstance(chunk, str) else json.dumps(chunk)))
    reader.end()
    return reader.completion()


END = delta("stop")
USAGE = {"choices": [], "usage": {"prompt_tokens": 12.0, "completion_tokens": 3}}


@pytest.mark.parametrize("chunks", [
    [delta(content="Hello"), END],
    [delta(role="assistant", content=""), delta(role="assistant"), delta(content="Hello"), END],
    [{"choices": [], "prompt_filter_results": []}, delta(content="Hello"), END],
    [delta(content="Hel"), delta(content=None), delta(content="lo"), END, "[DONE]"],
    [delta(content="Hello"), {"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}],
    [delta(content="Hello"), "[DONE]"],
    [delta(content="Hello"), "[DONE]", {"x": 1}],
    [delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]),
     delta(content=[{"type": "text", "text": "Hello"}]), END],
    [delta(content=["Hel", {"type": "text", "text": "lo"}]), END],
    [delta(content={"type": "text", "text": "Hello"}), END],
    [delta(content=[{"text": "Hello"}, {"type": "image_url", "image_url": {"url": "x"}}]), END],
    [delta(content=[{"type": "output_text", "text": {"value": "Hello"}}]), END],
    [delta(content=[{"type": "text", "text": "Hm", "thought": True}]), delta(content="Hello"), END],
    [delta(content=[{"type": "reference", "reference_ids": [1]}]), delta(content="Hello"), END],
    [delta(reasoning_content="Hm"), delta(reasoning="Hm"), delta(content="Hello"), END],
    [delta(content="<th"), delta(content="ink>Hm</thi"), delta(content="nk>\n\nHello"), END],
    [delta(content="Hm</think>\n\nHello"), END],
    [delta("stop", content="Hel"), delta("stop", content="lo"), delta("stop")],
    [delta("null", content="Hello"), delta("", content=""), END],
    [message(content="Hello")], [message(None, content="Hello")],
    [message(content="Hello", refusal=None, tool_calls=[], function_call=None)],
    [message(content=[{"type": "text", "text": "Hello"}])],
    [delta(content="Hello"), message(content="Hello")],
    [delta(content="Hello", refusal=None), END],
    [{"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None},
                  {"index": 1, "delta": {"content": "Other"}, "finish_reason": None}]}, END],
    [{"choices": [{"index": 1, "delta": {"content": "Other"}, "finish_reason": "stop"}]},
     delta(content="Hello"), END],
    [{"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}], "error": None}],
    [f"{json.dumps(delta(content='Hel'))}\n{json.dumps(delta(content='lo'))}\n[DONE]"],
    [json.dumps(delta(content="Hello"), indent=2), END],
    ["", " \n", delta(content="Hello"), END],
    [[delta(content="Hello"), END]],
    ['{"choices": [{"delta": {"content": "Hello"}, "logprobs": -Infinity}]}', END],
    [{**delta(content="Hello"), "created": 10**1005}, END],
    [delta(content="He\0l"), delta(content="lo"), END],
], ids=lambda _: "")  # fmt: skip
def test_answer_is_read(chunks) -> None:
    answer = read(*chunks)

    assert (answer.text, answer.reason, answer.calls) == ("Hello", "stop", [])


def test_halves_of_emoji_are_joined() -> None:
    answer = read(
        '{"choices":[{"index":0,"delta":{"content":"x\\ud83d"}}]}',
        '{"choices":[{"index":0,"delta":{"content":"\\ude00y"}}]}',
        END,
    )

    assert answer.text == "x😀y"


CALL = {"id": "a", "function": {"name": "read", "arguments": '{"a":1}'}}


@pytest.mark.parametrize("chunks", [
    [delta(tool_calls=[{"index": 0, **CALL}]), delta("tool_calls")],
    [delta(tool_calls=CALL), delta("stop")],
    [delta(content="Hi"), message("tool_calls", content="Hi", tool_calls=[CALL])],
    [delta(tool_calls=[CALL]), message("tool_calls", tool_calls=[{**CALL, "id": "other"}])],
    [delta(function_call={"name": "read", "arguments": '{"a"'}),
     delta("function_call", function_call={"arguments": ":1}"})],
    [message("function_call", function_call={"name": "read", "arguments": '{"a":1}'})],
    [delta(tool_calls=[CALL]), "[DONE]"],
], ids=lambda _: "")  # fmt: skip
def test_tool_call_is_read(chunks) -> None:
    answer = read(*chunks)

    assert [(each.name, each.arguments) for each in answer.calls] == [("read", '{"a":1}')]
    assert answer.reason == "tool-calls"


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_reason_before_last_stop_is_kept(reason) -> None:
    assert read(delta(reason, content="Hel"), END).reason == reason.replace("_", "-")


@pytest.mark.parametrize("usage", [
    USAGE, {"choices": None, "usage": {"prompt_tokens": 12, "completion_tokens": 3}},
    {**END, "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}},
])  # fmt: skip
def test_usage_is_read(usage) -> None:
    answer = read(delta(content="Hi"), {**END, "usage": None}, usage)

    assert (answer.tokens_in, answer.tokens_out) == (12, 3)


def test_usage_without_numbers_is_zero() -> None:
    answer = read(delta("stop", content="Hi"), {"choices": [], "usage": {"prompt_tokens": None}})

    assert (answer.tokens_in, answer.tokens_out) == (0, 0)


@pytest.mark.parametrize("chunks", [
    [delta(refusal="I can"), delta(refusal="not.\n"), END],
    [message(content=None, refusal="I cannot.")],
    [message(content=[{"type": "refusal", "refusal": "I cannot."}])],
])  # fmt: skip
def test_refusal_is_read(chunks) -> None:
    assert read(*chunks).refusal == "I cannot."


@pytest.mark.parametrize(("event", "status"), [
    (ServerEvent('{"error": {"code": 502, "message": "Gone"}}'), 502),
    (ServerEvent('{"error": {"code": "429"}}'), 429), (ServerEvent('{"error": "overloaded"}'), 0),
    (ServerEvent('[{"error": {"code": 400, "status": "INVALID_ARGUMENT"}}]'), 400),
    (ServerEvent('{"object": "error", "message": "No", "code": 400}'), 400),
    (ServerEvent('{"error": {"code": "context_length_exceeded"}}'), 0),
    (ServerEvent('{"message": "No", "status": 503}', "error"), 503),
    (ServerEvent("overloaded", "error"), 0),
    (ServerEvent('{"type": "error", "error": {"type": "overloaded_error"}}'), 0),
    (ServerEvent('{"choices": [{"error": {"code": 502}, "finish_reason": "error"}]}'), 502),
    (ServerEvent('{"error": {"code": true, "message": "x"}}'), 0),
])  # fmt: skip
def test_error_in_place_of_chunk_is_raised(event, status) -> None:
    with pytest.raises(PeerError) as error:
        CompletionReader().take(event)

    assert error.value.status == status


@pytest.mark.parametrize("chunks", [
    [], [delta(content="Hi")], [delta(content="Hi"), delta("error")],
    [delta("insufficient_system_resource")],
    ["[DONE]"], [delta(role="assistant"), "[DONE]"], [{"choices": []}], [message(None)],
])  # fmt: skip
def test_answer_without_end_or_content_is_transient_failure(chunks) -> None:
    with pytest.raises(TransientError):
        read(*chunks)


def test_last_event_cut_off_is_transient_failure() -> None:
    with pytest.raises(TransientError, match="cut off"):
        CompletionReader().take(ServerEvent('{"choices": [{"del', is_whole=False))


def test_malformed_event_is_permanent_failure() -> None:
    with pytest.raises(UpstreamError) as error:
        CompletionReader().take(ServerEvent('{"choices": [{"del'))

    assert not isinstance(error.value, TransientError)
    assert error.value.failure_class == "bad_answer"


@given(st.text(st.sampled_from("<think>/\n`a🐎\ud83d\ude00\0"), max_size=40), st.data())
def test_text_shown_in_pieces_is_the_answer(text, data) -> None:
    chunks, rest = [], text
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        chunks.append(delta(content=rest[:size]))
        rest = rest[size:]
    reader = CompletionReader()
    shown = "".join(
        [*(reader.take(ServerEvent(json.dumps(each))) for each in chunks), reader.end()]
    )
    reader.take(ServerEvent(json.dumps(END)))

    assert shown.endswith(reader.completion().text)
    assert reader.completion().text == read(delta(content=text), END).text
