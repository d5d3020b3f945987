"""Tool calls from the deltas that endpoints send, and their arguments."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.kit.llm.tool_calls import ToolCallReader, parse_arguments

A, B = '{"path":"a"}', '{"path":"b"}'
TOOLS = {"read", "list"}


def part(name: str | None, arguments: Any, **about: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **about}


def read(*deltas: Any) -> list[tuple[str, str]]:
    reader = ToolCallReader(TOOLS)
    for each in deltas:
        reader.take(each)
    return [(call.name, call.arguments) for call in reader.calls]


TWO = [("read", A), ("read", B)]


@pytest.mark.parametrize("deltas", [
    [[part("read", A, index=0, id="a")], [part("read", B, index=1, id="b")]],
    [[part("read", A, index=0, id="a"), part("read", B, index=1, id="b")]],
    [[part("read", A, index=0, id="a")], [part("read", B, index=0, id="b")]],
    [[part("read", A, index=None, id="a")], [part("read", B, index=None, id="b")]],
    [[part("read", A, id="a")], [part("read", B, id="b")]],
    [[part("read", A[:5], index="0")], [part("read", B, index="1")],
     [part(None, A[5:], index="0")]],
    [[part("read", A, index=0)], [part("read", B, index=0)]],
    [[part("read", A, index=None)], [part("read", B, index=None)]],
    [[part("read", A)], [part("read", B)]],
    [[part("read", A, index=0, id="")], [part("read", B, index=0, id="")]],
    [[part("read", A, index=0, id="x")], [part("read", B, index=0, id="x")]],
    [[part("read", A, index=0, id="x")], [part("read", B, index=1, id="x")]],
    [[part("read", json.loads(A), index=0)], [part("read", json.loads(B), index=0)]],
    [[part("read", "", index=0, id="a")], [part(None, A[:5], index=0)],
     [part("read", "", index=1, id="b")], [part(None, B[:5], index=1)],
     [part(None, A[5:], index=0)], [part(None, B[5:], index=1)]],
    [[part("read", A[:5], index=0, id="a")], [part(None, A[5:], index=0, id="a")],
     [part("read", B[:5], index=0, id="b")], [part(None, B[5:], index=0)]],
    [[part("read", A[:5], id="a")], [part(None, A[5:])], [part("read", B[:5])],
     [part(None, B[5:])]],
    [[part("read", "{}", index=0, id="a")], [part(None, A, index=0)],
     [part("read", "{}", index=1, id="b")], [part(None, B, index=1)]],
    [[part("read", {}, index=0, id="a")], [part(None, A, index=0)], [part("read", B, index=1)]],
    [[part("read", A[:5], index=0, id="a")], [part("read", A[5:], index=0, id="a")],
     [part("read", B, index=1, id="b")], [part("read", B, index=1, id="b")]],
    [[{"name": "read", "arguments": A, "id": "a"}, {"name": "read", "arguments": B, "id": "b"}]],
    [part("read", A), part("read", B)],
    [[part(" read\n", A, index=0)], [part("functions.read", B, index=1)]],
    [[part("read<|channel|>json", A, index=0)], [part("re", "", index=1)],
     [part("ad", B, index=1)]],
], ids=lambda _: "")  # fmt: skip
def test_two_calls_are_read_as_two(deltas) -> None:
    assert read(*deltas) == TWO


def test_calls_without_arguments_are_separate() -> None:
    assert read([part("list", "", index=0)], [part("read", A, index=0)]) == [
        ("list", ""), ("read", A),
    ]  # fmt: skip
    assert read([part("read", A)], [part("list", "")]) == [("read", A), ("list", "")]


@pytest.mark.parametrize("nothing", [None, [], [{}], [part(None, None)], [part("", "")]])
def test_no_calls_are_read_from_nothing(nothing) -> None:
    assert read(nothing) == []


@pytest.mark.parametrize("parts", [7, [7], [{"function": [7]}], [None]])
def test_malformed_parts_raise_error(parts) -> None:
    with pytest.raises(TypeError):
        read(parts)


def test_too_many_calls_raise_error() -> None:
    with pytest.raises(ValueError, match="too many"):
        read([part("read", A, index=number) for number in range(129)])


def test_extra_content_is_kept() -> None:
    reader = ToolCallReader()
    reader.take([part("read", A, extra_content={"google": {"thought_signature": "s"}})])

    assert reader.calls[0].extra == {"google": {"thought_signature": "s"}}


@given(st.lists(st.tuples(st.sampled_from(["read", "list"]), st.text(max_size=9)), max_size=4),
       st.booleans(), st.data())  # fmt: skip
def test_calls_are_the_same_however_their_arguments_are_cut(calls, has_index, data) -> None:
    deltas: list[Any] = []
    expected = []
    for number, (name, text) in enumerate(calls):
        arguments = json.dumps({"path": text})
        expected.append((name, arguments))
        index = {"index": number} if has_index else {}
        first = data.draw(st.integers(0, len(arguments)))
        deltas.append([part(name, arguments[:first], id=f"c{number}", **index)])
        rest = arguments[first:]
        while rest:
            size = data.draw(st.integers(1, len(rest)))
            deltas.append([part(None, rest[:size], **index)])
            rest = rest[size:]

    assert read(*deltas) == expected


@pytest.mark.parametrize(("text", "args"), [
    ("", {}), ("null", {}), ("{}", {}), (A, {"path": "a"}), (f" {A}\n", {"path": "a"}),
    ('{"content": "# A\nb\n"}', {"content": "# A\nb\n"}), ('{"a": NaN}', {"a": None}),
    (json.dumps(A), {"path": "a"}), ("{'path': 'a', 'b': None,}", {"path": "a", "b": None}),
    ("\ufeff{}", {}), ('{"a": "\\u0000b"}', {"a": "b"}), ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
    ('{"a": "\ud83d\ude00"}', {"a": "😀"}), ('{"a": "\\ud83d"}', {"a": "\ufffd"}),
    ('{"a": "b\0"}', {"a": "b"}),
])  # fmt: skip
def test_arguments_with_one_meaning_are_parsed(text, args) -> None:
    assert parse_arguments(text) == (args, "")


@pytest.mark.parametrize(("text", "problem"), [
    ('{"path": "a", "content": "# A', "they were cut off"), ('{"path":', "they were cut off"),
    ('{"path": "a"', "they were cut off"), ("{'path': 'a", "at character 2"),
    ("[]", "they are no object"), ("7", "they are no object"),
    ("{}{}", "Extra data at character 3"),
    ('"x"', "Expecting value at character 1"), ("[" * 200 + "]" * 200, "nested too deeply"),
    ("{" * 5000, "at character 2"), ("{1, 2}", "at character 2"), ("{'a': b'b'}", "at character 2"),
    ("path=a", "Expecting value at character 1"), ("{" + "'" * 200_000, "at character 2"),
    ("(" * 100_000, "Expecting value"),
])  # fmt: skip
def test_arguments_in_doubt_are_told_with_problem(text, problem) -> None:
    args, told = parse_arguments(text)

    assert args is None
    assert told.endswith(problem) or problem in told
