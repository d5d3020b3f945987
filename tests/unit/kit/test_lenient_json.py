"""Lenient JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.kit.lenient_json import TextJoiner, clean, clean_values, decode, loads

ANY_TEXT = st.text(st.characters() | st.sampled_from("\ud83d\ude00\ud800\0a"))


@pytest.mark.parametrize(("text", "value"), [
    ('{"a": "b\nc\t"}', {"a": "b\nc\t"}), ("[NaN, Infinity, -Infinity, 1e999]", [None] * 4),
    (f"[{'9' * 5000}]", [None]), (f"[0.{'9' * 5000}]", [None]), ("[1, 1.5]", [1, 1.5]),
])  # fmt: skip
def test_loads_takes_what_endpoints_send(text, value) -> None:
    assert loads(text) == value


@pytest.mark.parametrize("text", ["", "{", "{}{}", "[" * 100_000])
def test_loads_malformed_raises_error(text) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)


@pytest.mark.parametrize(("text", "cleaned"), [
    ("a\0b", "ab"), ("\ud83d\ude00", "😀"), ("\ud83d", "\ufffd"), ("\ude00x", "\ufffdx"),
    ("\ude00\ud83d", "\ufffd\ufffd"), ("\ud83d\ud83d\ude00", "\ufffd😀"), ("", ""), ("é😀", "é😀"),
])  # fmt: skip
def test_clean_returns_text_that_can_be_stored(text, cleaned) -> None:
    assert clean(text) == cleaned


@given(ANY_TEXT, st.data())
def test_joined_pieces_are_clean_text(text, data) -> None:
    joiner, rest, joined = TextJoiner(), text, ""
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        joined += joiner.feed(rest[:size])
        rest = rest[size:]
    joined += joiner.end()

    assert joined == clean(text)
    joined.encode()


def test_clean_values_cleans_keys_and_values() -> None:
    assert clean_values({"a\0": ["\ud83d\ude00", {"b": "\0"}, 1]}) == {"a": ["😀", {"b": ""}, 1]}


def test_clean_values_too_deep_raises_error() -> None:
    with pytest.raises(ValueError, match="too deeply"):
        clean_values(json.loads("[" * 200 + "]" * 200))


@pytest.mark.parametrize(("raw", "content_type"), [
    ("é".encode(), ""), (b"\xef\xbb\xbf" + "é".encode(), ""), (b"\xe9", 'a/b; charset="latin-1"'),
    ("é".encode(), "application/json; charset=latin-1"),
])  # fmt: skip
def test_decode_reads_utf8_or_declared_charset(raw, content_type) -> None:
    assert decode(raw, content_type) == "é"


@pytest.mark.parametrize("content_type", ["", "a/b; charset=nonsense", "a/b; charset=base64"])
def test_decode_replaces_other_bytes(content_type) -> None:
    assert decode(b"a\xe9", content_type) == "a\ufffd"
