"""The tools of a documentation agent.

A `ToolError` tells the model how to correct its call.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.docs.agent.line_breaks import count_text, replace_text, rewrite, split_lines
from jobs.docs.agent.tool_schema import coerce, find_mismatch, listing, mapping, number, text
from jobs.docs.docs_job import Priority, Todo, TodoStatus
from jobs.docs.errors import PathRefusedError
from jobs.docs.ports import Checkout, Tool, ToolCall
from jobs.kit.llm.thoughts import without_thoughts
from jobs.kit.llm.tool_calls import CUT_OFF

MAX_READ_LENGTH: Final = 64 * 1024
"""In characters, of one answer of `read_file`."""
_MAX_FILES: Final = 1000
_MAX_MATCHES: Final = 100
_MAX_LINE_LENGTH: Final = 300
_PATH: Final = text("From the top of the repository, with /", max_length=1000)


_LEADING: Final = re.compile(r"^(\.?/)+")
_AGAIN: Final = "Nothing was done. Send them again, as one JSON object"
_TOO_LONG: Final = "Nothing was done. Write a shorter file first, then extend it with edit_file"


class ToolError(Exception):
    """A tool call failed. The model sees the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The arguments of `finish`: the message to the user, the title, the commit message."""

    message: str
    title: str = ""
    commit: str = ""


@dataclass(slots=True)
class Toolbox:
    """The tools of one job, on its checkout. It calls `todo` with each new list."""

    checkout: Checkout
    todo: Callable[[tuple[Todo, ...]], None]
    finished: Finish | None = field(default=None, init=False)

    def use(self, call: ToolCall) -> Mapping[str, Any]:
        """Run a tool call. Raises `ToolError`."""
        known = _TOOLS.get(call.name)
        if known is None:
            raise ToolError(f"Unknown tool {call.name[:50]}. Use one of {', '.join(_TOOLS)}")
        tool, action = known
        if call.args is None:
            hint = _TOO_LONG if call.problem == CUT_OFF else _AGAIN
            raise ToolError(f"The arguments are not a JSON object: {call.problem}. {hint}")
        args = {
            name: _from_top(name, each) for name, each in coerce(call.args, tool.parameters).items()
        }
        if mismatch := find_mismatch(args, tool.parameters):
            raise ToolError(mismatch)
        try:
            return action(self, **args)
        except PathRefusedError as refusal:
            raise ToolError(str(refusal)) from refusal
        except FileNotFoundError as error:
            raise ToolError(f"There is no file {args['path']}") from error

    def list_files(self, folder: str = "") -> Mapping[str, Any]:
        files = list(self.checkout.files(folder))
        return {"files": files[:_MAX_FILES], "total": len(files)}

    def read_file(self, path: str, first_line: int = 1) -> Mapping[str, Any]:
        lines = split_lines(self._text(path))
        shown: list[str] = []
        size = 0
        for line in lines[first_line - 1 :]:
            if shown and size + len(line) > MAX_READ_LENGTH:
                break
            shown.append(line[:MAX_READ_LENGTH])
            size += len(line)
        last = first_line - 1 + len(shown)
        more = {"next_line": last + 1} if last < len(lines) else {}
        return {"content": "".join(shown), "lines": len(lines), **more}

    def search(self, text: str, folder: str = "") -> Mapping[str, Any]:
        wanted, matches = text.casefold(), []
        for path in self.checkout.files(folder):
            try:
                lines = [each.rstrip("\r\n") for each in split_lines(self._text(path))]
            except (ToolError, PathRefusedError):
                continue  # binary or too large
            for n, line in enumerate(lines, 1):
                if wanted in line.casefold():
                    matches.append({"path": path, "line": n, "text": line[:_MAX_LINE_LENGTH]})
                if len(matches) > _MAX_MATCHES:
                    return {"matches": matches[:-1], "more": True}
        return {"matches": matches, "more": False}

    def write_file(self, path: str, content: str) -> Mapping[str, Any]:
        return self._write(path, rewrite(self._known_text(path), content))

    def edit_file(self, path: str, old: str, new: str) -> Mapping[str, Any]:
        before = self._text(path)
        found = count_text(before, old)
        if found != 1:
            times = f"occurs {found} times. Include more lines" if found else "does not occur"
            raise ToolError(f"The old text {times}")
        return self._write(path, replace_text(before, old, new))

    def delete_file(self, path: str) -> Mapping[str, Any]:
        self.checkout.delete(path)
        return {"path": path}

    def set_todos(self, todos: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
        if len({each["id"] for each in todos}) < len(todos):
            raise ToolError("todos: two items have the same id")
        self.todo(tuple(
            Todo(
                id=each["id"],
                content=each["content"],
                status=TodoStatus(each.get("status", TodoStatus.PENDING)),
                priority=Priority(each.get("priority", Priority.MEDIUM)),
            )
            for each in todos
        ))  # fmt: skip
        return {"count": len(todos)}

    def finish(self, message: str, title: str = "", commit_message: str = "") -> Mapping[str, Any]:
        told, named, summary = map(without_thoughts, (message, title, commit_message))
        if not told.strip():
            raise ToolError("message: must not be empty")
        self.finished = Finish(message=told, title=named, commit=summary)
        return {}

    def _write(self, path: str, content: str) -> Mapping[str, Any]:
        raw = content.encode()
        self.checkout.write(path, raw)
        return {"path": path, "bytes": len(raw)}

    def _known_text(self, path: str) -> str:
        """Return a file's text, or nothing for a new file and for one that is no text."""
        try:
            return self._text(path)
        except (FileNotFoundError, PathRefusedError, ToolError):
            return ""

    def _text(self, path: str) -> str:
        try:
            return self.checkout.read(path).decode()
        except UnicodeDecodeError as error:
            raise ToolError(f"{path} is not a text file") from error


def _from_top(name: str, value: Any) -> Any:
    """Return a path without the `/` or `./` that models write before it."""
    is_path = name in {"path", "folder"} and isinstance(value, str)
    return _LEADING.sub("", value) if is_path else value


type _Action = Callable[..., Mapping[str, Any]]
_TODO: Final = mapping(
    {
        "id": text("The same in every list", max_length=100),
        "content": text("The task", max_length=500),
        "status": {"type": "string", "enum": [*TodoStatus]},
        "priority": {"type": "string", "enum": [*Priority]},
    },
    optional={"status", "priority"},
)
_TOOLS: Final[Mapping[str, tuple[Tool, _Action]]] = {
    action.__name__: (
        Tool(
            name=action.__name__,
            description=description,
            parameters=mapping(parameters, optional=optional),
        ),
        action,
    )
    for action, description, parameters, optional in (
        (
            Toolbox.list_files,
            "List the documentation's files.",
            {"folder": text("Default: the whole documentation", max_length=1000, min_length=0)},
            {"folder"},
        ),
        (
            Toolbox.read_file,
            "Read a text file. A long file is cut off: continue at a later line.",
            {"path": _PATH, "first_line": number("Counts from 1")},
            {"first_line"},
        ),
        (
            Toolbox.search,
            "Find lines that contain a text, in upper or lower case.",
            {
                "text": text("The text to find", max_length=500),
                "folder": text("Default: the whole documentation", max_length=1000, min_length=0),
            },
            {"folder"},
        ),
        (
            Toolbox.write_file,
            "Create a file, or replace its whole content.",
            {"path": _PATH, "content": text("The whole content", max_length=2**20, min_length=0)},
            set[str](),
        ),
        (
            Toolbox.edit_file,
            "Replace a text that occurs exactly once in a file.",
            {
                "path": _PATH,
                "old": text("The exact text, with its whitespace. Write line breaks as \\n"),
                "new": text("The new text", min_length=0),
            },
            set[str](),
        ),
        (Toolbox.delete_file, "Delete a file.", {"path": _PATH}, set[str]()),
        (
            Toolbox.set_todos,
            "Show the user your tasks and their progress. Send the whole list each time.",
            {"todos": listing(_TODO, max_length=50)},
            set[str](),
        ),
        (
            Toolbox.finish,
            "Finish the job: commit and push the changes, and show the user your message.",
            {
                "message": text(
                    "To the user: what you did, and what you did not do", max_length=10_000
                ),
                "title": text("The title of the pull request", max_length=100, min_length=0),
                "commit_message": text(
                    "A subject line; optionally an empty line and a body",
                    max_length=5000,
                    min_length=0,
                ),
            },
            {"title", "commit_message"},
        ),
    )
}
TOOLS: Final = tuple(tool for tool, _ in _TOOLS.values())
