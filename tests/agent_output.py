"""Hypothesis strategies: all output events of an agent, in any valid order and batch size."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from jobs.kit.output.events import OutputItem

type Event = dict[str, Any]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["\n", "\r\n\r\n", "data: x", "\u2028", '"', "\\", "[DONE]", "\x00", "0:", "🙂"]
)
OBJECT = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers() | TEXT, max_size=3)
TOKENS = st.fixed_dictionaries({"in": st.integers(0, 9**9), "out": st.integers(0, 9**9)})
REASON = st.sampled_from(["stop", "length", "tool-calls", "error", "other"])


def of(t: str, **fields: Any) -> st.SearchStrategy[Event]:
    return st.fixed_dictionaries({"t": st.just(t), **fields})


SAID = of("text", text=TEXT)
TOLD = of("data", name=st.sampled_from(["todos", "branch", "restarted"]), data=OBJECT)


@st.composite
def tool_use(draw) -> list[Event]:
    called = {"id": draw(st.uuids().map(str))}
    call = {"t": "tool-call", "name": draw(TEXT), "args": draw(OBJECT)} | called
    ways = [of("tool-result", result=OBJECT), of("tool-error", error=TEXT)]
    return [call, draw(st.one_of(ways)) | called]


@st.composite
def step(draw) -> list[Event]:
    parts = st.one_of(st.lists(SAID, max_size=4), TOLD.map(lambda it: [it]), tool_use())
    inner = [event for part in draw(st.lists(parts, max_size=4)) for event in part]
    end = draw(TOKENS) | {"t": "step-finish", "reason": draw(REASON)}
    return [{"t": "step-start", "id": "msg_1"}, *inner, end]


@st.composite
def outputs(draw) -> list[Event]:
    """Draw the output of several attempts: a crashed worker leaves a step unfinished."""
    events = [{"t": "start", "id": "msg_1"}]
    for done in draw(st.lists(step(), max_size=4)):
        if draw(st.booleans()):
            events += done
        else:
            events += done[: draw(st.integers(0, len(done)))]
            events.append({"t": "data", "name": "restarted", "data": {}})
    if draw(st.booleans()):
        events.append({"t": "error", "error": draw(TEXT)})
    return [*events, draw(TOKENS) | {"t": "finish", "reason": draw(REASON)}]


@st.composite
def in_items(draw, events: Sequence[Event]) -> list[OutputItem]:
    cuts = draw(st.sets(st.integers(1, len(events)), max_size=6)) | {0, len(events)}
    edges = sorted(cuts)
    return [
        OutputItem(number=n, events=tuple(events[a:b]), end=b == len(events))
        for n, (a, b) in enumerate(pairwise(edges), start=1)
    ]


OUTPUTS = outputs()
LOGS = OUTPUTS.flatmap(in_items)
