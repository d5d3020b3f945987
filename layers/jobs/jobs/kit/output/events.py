"""The output of a running agent, independent of any wire format: numbered items of events.

Each event is a small mapping. `t` is its type:

    {"t": "start", "id": message id, "metadata"?: mapping}   the first event
    {"t": "step-start", "id": message id}                a turn of the model begins
    {"t": "text", "text": str}                           a piece of text
    {"t": "tool-call", "id", "name", "args": mapping}    the model calls a tool
    {"t": "tool-result", "id", "result": mapping}
    {"t": "tool-error", "id", "error": str}
    {"t": "data", "name": str, "data": mapping}          todos, branch, pull request…
    {"t": "error", "error": str}                         the job has failed; finish follows
    {"t": "step-finish", "reason": str, "in": int, "out": int}
    {"t": "finish", "reason": str, "in": int, "out": int}   the last event
    reason: stop | length | tool-calls | content-filter | error | other; in, out: tokens

`RESTARTED` says that a later attempt begins: all text before it is void.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

type OutputEvent = Mapping[str, Any]

RESTARTED: Final[OutputEvent] = {"t": "data", "name": "restarted", "data": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputItem:
    """Events in order. `number` counts from 1. `end` marks the last item.

    `attempt` is that of the worker that wrote the item.
    """

    number: int
    events: Sequence[OutputEvent]
    end: bool = False
    attempt: int = 0
