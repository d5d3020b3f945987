"""Output events of docs jobs alone: `jobs.kit.output.events` has the others."""

from collections.abc import Iterable

from jobs.docs.docs_job import Todo
from jobs.kit.output.events import OutputEvent


def todos_event(todos: Iterable[Todo]) -> OutputEvent:
    items = [
        {"id": t.id, "content": t.content, "status": t.status, "priority": t.priority}
        for t in todos
    ]
    return {"t": "data", "name": "todos", "data": {"todos": items}}
