"""The output events of a running agent, independent of any wire format.

Each event is a small mapping. `t` is its type:

    {"t": "start", "id": message id}                     the first event
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
"""

from collections.abc import Iterable, Mapping
from typing import Any

from jobs.docs.docs_job import Todo

type OutputEvent = Mapping[str, Any]


def todos_event(todos: Iterable[Todo]) -> OutputEvent:
    items = [
        {"id": t.id, "content": t.content, "status": t.status, "priority": t.priority}
        for t in todos
    ]
    return {"t": "data", "name": "todos", "data": {"todos": items}}
