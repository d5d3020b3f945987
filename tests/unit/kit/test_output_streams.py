"""Both stream formats of the AI SDK."""

import json
import re

import pytest
from hypothesis import given

from jobs.kit.http import BadRequestError
from jobs.kit.output.events import OutputItem
from jobs.kit.output.playback import Playback
from jobs.kit.output.v4 import V4
from jobs.kit.output.v5 import V5
from jobs.kit.output.wire import StreamPosition, parse_position
from tests.agent_output import LOGS

START = {"t": "start", "id": "msg_1"}
STEP = {"t": "step-start", "id": "msg_1"}
CALL = {"t": "tool-call", "id": "c1", "name": "read_file", "args": {"path": "a.mdx"}}
END = {"t": "finish", "reason": "stop", "in": 30, "out": 12}


def text(content: str) -> dict:
    return {"t": "text", "text": content}


def pieces_of(wire, *events) -> list:
    """Return the pieces of consecutive events: lines of version 4, chunks of version 5."""
    befores = [None, *events]
    pieces = [p for e, b in zip(events, befores, strict=False) for p in wire.to_pieces(e, b)]
    return [json.loads(p) if p.startswith("{") else p for p in pieces]


def lines_of(stream: bytes) -> list[tuple[str, object]]:
    """Read a version 4 stream."""
    assert stream.endswith(b"\n")
    lines = [line.split(":", 1) for line in stream.decode().removesuffix("\n").split("\n")]
    return [(kind, json.loads(value)) for kind, value in lines]


def chunks_of(stream: bytes) -> list[tuple[str, object]]:
    """Read a version 5 stream: ids and data."""
    assert stream.endswith(b"\n\n")
    found = [
        re.fullmatch(r"id: (\d+\.\d+(?:\.end)?)\ndata: (.*)", event)
        for event in stream.decode().removesuffix("\n\n").split("\n\n")
    ]
    return [(each[1], each[2] if each[2] == "[DONE]" else json.loads(each[2])) for each in found]


def text_of(events, kind: str) -> str:
    return "".join(event["text"] for event in events if event["t"] == kind)


# ── Version 4 ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("event", "line"), [
    (STEP, 'f:{"messageId":"msg_1"}'),
    (text("wörld\n"), '0:"wörld\\n"'),
    (CALL, '9:{"toolCallId":"c1","toolName":"read_file","args":{"path":"a.mdx"}}'),
    ({"t": "tool-result", "id": "c1", "result": {"ok": 1}},
     'a:{"toolCallId":"c1","result":{"ok":1}}'),
    ({"t": "tool-error", "id": "c1", "error": "no such file"},
     'a:{"toolCallId":"c1","result":{"error":"no such file"}}'),
    ({"t": "data", "name": "branch", "data": {"name": "b"}},
     '2:[{"type":"branch","data":{"name":"b"}}]'),
    ({"t": "error", "error": "no idea"}, '3:"no idea"'),
    ({"t": "step-finish", "reason": "stop", "in": 1, "out": 2},
     'e:{"finishReason":"stop","usage":{"promptTokens":1,"completionTokens":2},"isContinued":false}'),
    (END, 'd:{"finishReason":"stop","usage":{"promptTokens":30,"completionTokens":12}}'),
])  # fmt: skip
def test_v4_event_is_one_line(event, line) -> None:
    assert pieces_of(V4, event) == [f"{line}\n"]


def test_v4_start_is_omitted() -> None:
    assert pieces_of(V4, START) == []


@given(LOGS)
def test_v4_any_output_is_decodable(log) -> None:
    events = [event for item in log for event in item.events]

    lines = lines_of(b"".join(Playback(V4, StreamPosition()).play(log)))

    assert len(lines) == len(events) - 1
    assert "".join(value for kind, value in lines if kind == "0") == text_of(events, "text")
    assert [kind for kind, _ in lines].count("d") == 1
    assert lines[-1][0] == "d"


# ── Version 5 ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("event", "chunk"), [
    (START, {"type": "start", "messageId": "msg_1"}),
    (STEP, {"type": "start-step"}),
    (CALL, {"type": "tool-input-available", "toolCallId": "c1", "toolName": "read_file",
            "input": {"path": "a.mdx"}}),
    ({"t": "tool-result", "id": "c1", "result": {"ok": 1}},
     {"type": "tool-output-available", "toolCallId": "c1", "output": {"ok": 1}}),
    ({"t": "tool-error", "id": "c1", "error": "no such file"},
     {"type": "tool-output-error", "toolCallId": "c1", "errorText": "no such file"}),
    ({"t": "data", "name": "branch", "data": {"name": "b"}},
     {"type": "data-branch", "data": {"name": "b"}}),
    ({"t": "error", "error": "no idea"}, {"type": "error", "errorText": "no idea"}),
    ({"t": "step-finish", "reason": "stop", "in": 1, "out": 2}, {"type": "finish-step"}),
])  # fmt: skip
def test_v5_event_is_one_chunk(event, chunk) -> None:
    assert pieces_of(V5, event) == [chunk]


def test_v5_finish_has_usage_and_done() -> None:
    assert pieces_of(V5, END) == [
        {
            "type": "finish",
            "messageMetadata": {
                "finishReason": "stop",
                "usage": {"inputTokens": 30, "outputTokens": 12},
            },
        },
        "[DONE]",
    ]


def test_v5_consecutive_texts_are_one_part() -> None:
    chunks = pieces_of(V5, text("a"), text("b"), CALL, text("c"), END)

    assert [chunk["type"] for chunk in chunks[:-1]] == [
        *("text-start", "text-delta", "text-delta", "text-end"),
        "tool-input-available",
        *("text-start", "text-delta", "text-end"),
        "finish",
    ]


@given(LOGS)
def test_v5_any_output_is_decodable(log) -> None:
    events = [event for item in log for event in item.events]

    [*chunks, done] = [
        chunk for _, chunk in chunks_of(b"".join(Playback(V5, StreamPosition()).play(log)))
    ]

    parts = 0
    for chunk in chunks:
        if chunk["type"] == "text-start":
            assert parts == 0
            parts += 1
        elif chunk["type"] == "text-end":
            parts -= 1
        else:
            assert parts == (chunk["type"] == "text-delta")
    text = "".join(chunk["delta"] for chunk in chunks if chunk["type"] == "text-delta")
    assert (done, text) == ("[DONE]", text_of(events, "text"))


# ── Positions ──────────────────────────────────────────────────────────────────────


@given(LOGS)
def test_resume_after_any_id_sends_exactly_the_rest(log) -> None:
    whole = chunks_of(b"".join(Playback(V5, StreamPosition()).play(log)))

    for count, (last, _) in enumerate(whole[:-1], start=1):
        rest = b"".join(
            Playback(V5, parse_position(last)).play(log[max(0, int(last.split(".")[0]) - 2) :])
        )
        assert chunks_of(rest) == whole[count:]


@given(LOGS)
def test_event_ids_are_unique(log) -> None:
    ids = [place for place, _ in chunks_of(b"".join(Playback(V5, StreamPosition()).play(log)))]

    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("bad", [
    "", "1", "1.", ".1", "0.1", "-1.1", "1.1.1", "1.x", " 1.1", "01.1", "1.1234567", "\u0661.1",
])  # fmt: skip
def test_last_event_id_malformed_is_refused(bad) -> None:
    with pytest.raises(BadRequestError):
        parse_position(bad)


@pytest.mark.parametrize("beyond", ["2.1", "99.1", "1.9"])
def test_last_event_id_unknown_is_refused(beyond) -> None:
    playback = Playback(V5, parse_position(beyond))
    log = [OutputItem(number=1, events=(START,))]

    with pytest.raises(BadRequestError):
        assert [*playback.play(log[playback.next_item - 1 :]), playback.check()] == []


def test_playback_stops_at_gap() -> None:
    playback = Playback(V4, StreamPosition())
    first, second, third = (OutputItem(number=n, events=(text(str(n)),)) for n in (1, 2, 3))

    sent = [b"".join(playback.play(items)) for items in ([first, third], [second, third])]

    assert sent == [b'0:"1"\n', b'0:"2"\n0:"3"\n']


def test_end_with_error_closes_open_part() -> None:
    playback = Playback(V5, StreamPosition())
    before = [*playback.play([OutputItem(number=1, events=(START, text("so")))])]

    after = chunks_of(b"".join(playback.end_with_error("The worker is gone")))

    assert len(before) == 3
    assert [place for place, _ in after] == ["1.3", "1.3", "1.3", "1.3.end"]
    assert [chunk if chunk == "[DONE]" else chunk["type"] for _, chunk in after] == [
        *("text-end", "error", "finish", "[DONE]"),
    ]
