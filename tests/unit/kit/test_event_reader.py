"""The parser of server-sent events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.kit.outbound.event_reader import EventReader, ServerEvent

LINES = st.sampled_from([
    "data: a", "data:b", "data:  c", "data", "data: é🐎", ": ping", "event: error", "event:x",
    "id: 1", "retry: 9", "", "", "nonsense", "data: [DONE]",
])  # fmt: skip
STREAM = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"]))).map(
    lambda lines: "".join(map("".join, lines)).encode()
)


def read(*chunks: bytes) -> list[ServerEvent]:
    reader = EventReader()
    return [each for chunk in chunks for each in reader.feed(chunk)] + [*reader.end()]


@pytest.mark.parametrize(("raw", "events"), [
    (b"data: a\n\ndata: b\n\n", [ServerEvent("a"), ServerEvent("b")]),
    (b"data: a\r\n\r\ndata: b\r\n\r\n", [ServerEvent("a"), ServerEvent("b")]),
    (b"data: a\r\rdata: b\r\r", [ServerEvent("a"), ServerEvent("b")]),
    (b"\xef\xbb\xbfdata: a\n\n", [ServerEvent("a")]),
    (b"data: {\ndata: }\n\n", [ServerEvent("{\n}")]),
    (b": OPENROUTER PROCESSING\n\ndata:a\n\n", [ServerEvent("a")]),
    (b"event: error\ndata: a\n\ndata: b\n\n", [ServerEvent("a", "error"), ServerEvent("b")]),
    (b"id: 1\nretry: 5\n\n", []),
    (b"data: a\n", [ServerEvent("a", is_whole=False)]),
    (b"data: a", [ServerEvent("a", is_whole=False)]),
    (b"data: a\r", [ServerEvent("a", is_whole=False)]),
    (b"data: \xff\n\n", [ServerEvent("\ufffd")]),
    (b"", []),
])  # fmt: skip
def test_events_are_read(raw, events) -> None:
    assert read(raw) == events


@given(STREAM, st.data())
def test_events_are_the_same_however_the_stream_is_cut(raw, data) -> None:
    chunks, rest = [], raw
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        chunks.append(rest[:size])
        rest = rest[size:]

    assert read(*chunks) == read(raw) == read(*(bytes([each]) for each in raw))


@pytest.mark.parametrize(("raw", "is_unused"), [
    (b"data: a\n\n", False), (b": ping\n\n", False), (b"garbage\n", True), (b"", True),
])  # fmt: skip
def test_reader_without_lines_of_a_stream_is_unused(raw, is_unused) -> None:
    reader = EventReader()
    list(reader.feed(raw))
    list(reader.end())

    assert reader.is_unused == is_unused
