"""The npm package AI SDK, unmodified, reads the streams."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.kit.output.events import OutputItem
from jobs.kit.output.playback import Playback
from jobs.kit.output.v4 import V4
from jobs.kit.output.v5 import V5
from jobs.kit.output.wire import START
from tests.agent_output import OUTPUTS

SDKS = [("ai4", V4), ("ai5", V5), ("ai6", V5), ("ai7", V5)]
STEP = {"t": "step-start", "id": "msg_1"}
FINISHED = [
    {"t": "start", "id": "msg_1"},
    STEP,
    {"t": "text", "text": "Hello "},
    {"t": "text", "text": "wörld \u2028 “q” \n🙂"},
    {"t": "data", "name": "todos", "data": {"todos": []}},
    {"t": "tool-call", "id": "c1", "name": "write_file", "args": {"path": "a.mdx"}},
    {"t": "tool-result", "id": "c1", "result": {"written": "a.mdx"}},
    {"t": "tool-call", "id": "c2", "name": "read_file", "args": {}},
    {"t": "tool-error", "id": "c2", "error": "no such file"},
    {"t": "step-finish", "reason": "tool-calls", "in": 10, "out": 5},
    STEP,
    {"t": "text", "text": "Done."},
    {"t": "step-finish", "reason": "stop", "in": 20, "out": 7},
    {"t": "finish", "reason": "stop", "in": 30, "out": 12},
]
FAILED = [
    *FINISHED[:4],
    {"t": "error", "error": "no idea"},
    {"t": "finish", "reason": "error", "in": 1, "out": 2},
]


def streamed(wire, events, *, beats: bool = True) -> str:
    items = [OutputItem(number=n, events=[event]) for n, event in enumerate(events, start=1)]
    pieces = Playback(wire, START).play(items)
    return b"".join((wire.heartbeat if beats else b"") + piece for piece in pieces).decode()


def text_of(events) -> str:
    return "".join(event["text"] for event in events if event["t"] == "text")


@pytest.mark.parametrize(("sdk", "wire"), SDKS, ids=[sdk for sdk, _ in SDKS])
def test_sdk_decodes_output(node, sdk, wire) -> None:
    [read] = node("stream.mjs", {"sdk": sdk, "streams": [streamed(wire, FINISHED, beats=False)]})

    assert read == {
        "errors": [],
        "usage": [30, 12],
        "finishReason": "stop",
        "text": text_of(FINISHED),
        "shown": text_of(FINISHED),
        "tools": [
            ["write_file", {"path": "a.mdx"}, {"written": "a.mdx"}],
            ["read_file", {}, {"error": "no such file"}],
        ],
    }


@pytest.mark.parametrize(("sdk", "wire"), SDKS, ids=[sdk for sdk, _ in SDKS])
def test_sdk_reports_failure_reason(node, sdk, wire) -> None:
    [read] = node("stream.mjs", {"sdk": sdk, "streams": [streamed(wire, FAILED)]})

    assert read["errors"] == ["no idea"]
    assert read["finishReason"] == "error"


@pytest.mark.parametrize(("sdk", "wire"), SDKS, ids=[sdk for sdk, _ in SDKS])
@settings(max_examples=2, deadline=None)  # each starts Node
@given(outputs=st.lists(OUTPUTS, min_size=20, max_size=20))
def test_sdk_decodes_any_output(node, sdk, wire, outputs) -> None:
    streams = [streamed(wire, events) for events in outputs]

    read = node("stream.mjs", {"sdk": sdk, "streams": streams})

    for events, made in zip(outputs, read, strict=True):
        errors = [event["error"] for event in events if event["t"] == "error"]
        assert made["text"] == text_of(events)
        assert made["errors"] == errors
        assert made["usage"] == [events[-1]["in"], events[-1]["out"]]
