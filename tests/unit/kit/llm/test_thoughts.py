"""What a model thinks aloud within its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.kit.llm.thoughts import ThoughtFilter, without_lone_closing, without_thoughts

PIECES = st.lists(st.sampled_from([
    "<think>", "</think>", "<THINK>", "<thinking>", "</thinking>", "[THINK]", "[/THINK]", "<", ">",
    "think", "<th", "`", "```", "\n", " ", "a", "é", "İ", "</", "◁think▷", "◁/think▷",
])).map("".join)  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), [
    ("Hello", "Hello"), ("  Hello\n", "  Hello\n"), ("", ""), (" \n", " \n"),
    ("<think>Hm</think>Hello", "Hello"), ("<think>\nHm\n</think>\n\nHello", "Hello"),
    ("\n<think>Hm</think>\n\nHello", "Hello"), ("<think></think>\n\nHello", "Hello"),
    ("<thinking>Hm</thinking> Hello", "Hello"), ("<THINK>Hm</Think>Hello", "Hello"),
    ("[THINK]Hm[/THINK]Hello", "Hello"), ("◁think▷Hm◁/think▷Hello", "Hello"),
    ("<thought>Hm</thought>Hello", "Hello"), ("<think>a < b</think>Hello", "Hello"),
    ("Hello <think>Hm</think>world", "Hello world"),
    ("Hello\n<think>Hm</think>\nworld", "Hello\n\nworld"),
    ("<think>a</think>b<think>c</think>d", "bd"),
    ("<think>Hm, cut off", ""), ("Hello\n<think>Hm, cut off", "Hello\n"),
    ("Use the <think> tag", "Use the <think> tag"), ("a <thin", "a <thin"), ("1 < 2", "1 < 2"),
    ("`<think>` begins, `</think>` ends", "`<think>` begins, `</think>` ends"),
    ("```\n<think>Hm</think>\n```\n", "```\n<think>Hm</think>\n```\n"),
    ("Hm.\n</think>\n\nHello", "Hello"), ("Hm.</think>\nHello", "Hello"), ("Hm.</think>", ""),
    ("The end is </think> here", "The end is </think> here"),
])  # fmt: skip
def test_thoughts_are_left_out(text, shown) -> None:
    assert without_thoughts(text) == shown


@given(PIECES, st.data())
def test_text_shown_is_the_same_however_it_is_cut(text, data) -> None:
    thoughts, rest, shown = ThoughtFilter(), text, ""
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        shown += thoughts.feed(rest[:size])
        rest = rest[size:]
    shown += thoughts.end()

    assert without_lone_closing(shown) == without_thoughts(text)


def test_many_tags_in_code_are_read_in_linear_time() -> None:
    text = "```\n" + "<think></think>\n" * 40_000

    assert without_thoughts(text) == text


def test_text_is_shown_as_soon_as_it_cannot_be_a_thought() -> None:
    thoughts = ThoughtFilter()
    pieces = ("Hi", " <", "b", ">", "<th", "ink>x", "</think>y")

    assert [thoughts.feed(each) for each in pieces] == ["Hi", " ", "<b", ">", "", "", "y"]


def test_long_thought_in_small_pieces_is_read_in_linear_time() -> None:
    thoughts = ThoughtFilter()
    thoughts.feed("<think>")

    assert not any(thoughts.feed("so ") for _ in range(100_000))
    assert thoughts.feed("</think>Hi") == "Hi"
