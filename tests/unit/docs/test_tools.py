"""The tools of a documentation agent, and their errors."""

from typing import Any

import pytest

from jobs.docs.agent.tools import MAX_READ_LENGTH, TOOLS, Finish, Toolbox, ToolError
from jobs.docs.docs_job import Priority, Todo, TodoStatus
from jobs.docs.ports import ToolCall
from tests.unit.docs.checkout import MemoryCheckout

LINES = [f"line {n}\n" for n in range(1, 20_001)]
FILES = {
    "docs/a.mdx": b"# Alpha\n\nsame\nsame\n", "docs/b/c.mdx": "# Größe\r\n".encode(),
    "docs/logo.png": b"\x89PNG\xff", "docs/long.md": "".join(LINES).encode(),
    "docs.json": b"alpha",
}  # fmt: skip

NAMES = "list_files, read_file, search, write_file, edit_file, delete_file, set_todos, finish"


@pytest.fixture
def checkout() -> MemoryCheckout:
    return MemoryCheckout(FILES)


@pytest.fixture
def lists() -> list[Any]:
    return []


@pytest.fixture
def toolbox(checkout, lists) -> Toolbox:
    return Toolbox(checkout, lists.append)


@pytest.fixture
def use(toolbox) -> Any:
    return lambda name, **args: toolbox.use(ToolCall(id="1", name=name, args=args))


@pytest.fixture
def call_error(toolbox) -> Any:
    def call_error(name: str, args: Any) -> str:
        with pytest.raises(ToolError) as error:
            toolbox.use(ToolCall(id="1", name=name, args=args))
        return str(error.value)

    return call_error


def test_list_files_returns_paths(use) -> None:
    listed = ["docs/a.mdx", "docs/b/c.mdx", "docs/logo.png", "docs/long.md"]

    assert use("list_files") == {"files": listed, "total": 4}
    assert use("list_files", folder="docs/b") == {"files": ["docs/b/c.mdx"], "total": 1}


def test_read_file_returns_content(use) -> None:
    assert use("read_file", path="docs/b/c.mdx") == {"content": "# Größe\r\n", "lines": 1}


def test_read_file_long_returns_next_line(use) -> None:
    parts, first = [], 1
    while first:
        answer = use("read_file", path="docs/long.md", first_line=first)
        assert len(answer["content"]) <= MAX_READ_LENGTH
        parts.append(answer["content"])
        first = answer.get("next_line")

    assert "".join(parts) == "".join(LINES)
    assert len(parts) > 1


def test_read_file_with_long_line_truncates_it(use, checkout) -> None:
    checkout.write("docs/one.md", b"x" * 100_000 + b"\nend")

    answer = use("read_file", path="docs/one.md")
    assert len(answer["content"]) == MAX_READ_LENGTH
    assert use("read_file", path="docs/one.md", first_line=answer["next_line"])["content"] == "end"


def test_search_ignores_case(use) -> None:
    assert use("search", text="GRÖSSE") == {
        "matches": [{"path": "docs/b/c.mdx", "line": 1, "text": "# Größe"}], "more": False,
    }  # fmt: skip
    assert use("search", text="alpha", folder="docs/b")["matches"] == []
    many = use("search", text="line")
    assert (len(many["matches"]), many["more"]) == (100, True)


def test_file_is_written_edited_and_deleted(use, checkout) -> None:
    assert use("write_file", path="docs/n.mdx", content="é\n") == {"path": "docs/n.mdx", "bytes": 3}
    use("edit_file", path="docs/n.mdx", old="é\n", new="è\n$1\\1")
    assert checkout.contents["docs/n.mdx"] == "è\n$1\\1".encode()
    assert use("delete_file", path="docs/n.mdx") == {"path": "docs/n.mdx"}

    assert not checkout.changed()


def test_set_todos_replaces_list(use, lists) -> None:
    use("set_todos", todos=[
        {"id": "1", "content": "Read", "status": "completed", "priority": "high"},
        {"id": "2", "content": "Write"},
    ])  # fmt: skip
    use("set_todos", todos=[])

    assert lists == [
        (
            Todo(id="1", content="Read", status=TodoStatus.COMPLETED, priority=Priority.HIGH),
            Todo(id="2", content="Write"),
        ),
        (),
    ]


def test_finish_has_message_and_optional_fields(use, toolbox) -> None:
    use("finish", message="Done", title="A title", commit_message="Add a page\n\nWhy")

    assert toolbox.finished == Finish(message="Done", title="A title", commit="Add a page\n\nWhy")


@pytest.mark.parametrize(("name", "args", "reason"), [
    ("rm", {}, f"Unknown tool rm. Use one of {NAMES}"),
    ("", {}, f"Unknown tool . Use one of {NAMES}"),
    ("read_file", None, "The arguments are not a JSON object, or were cut off"),
    ("read_file", {}, "path: is missing"),
    ("read_file", {"path": 7}, "path: must be a string"),
    ("read_file", {"path": ""}, "path: must not be empty"),
    ("read_file", {"path": None}, "path: must be a string"),
    ("read_file", {"path": "x" * 1001}, "path: must have at most 1000 characters"),
    ("read_file", {"path": "a", "first_line": 0}, "first_line: must be 1 or more"),
    ("read_file", {"path": "a", "first_line": True}, "first_line: must be an integer"),
    ("read_file", {"path": "a", "first_line": 1.5}, "first_line: must be an integer"),
    ("read_file", {"path": "a", "mode": 1}, "mode: is unknown. Use path, first_line"),
    ("set_todos", {"todos": {}}, "todos: must be an array"),
    ("set_todos", {"todos": [[]]}, "todos[0]: must be an object"),
    ("set_todos", {"todos": [{"id": "1"}]}, "todos[0].content: is missing"),
    ("set_todos", {"todos": [{"id": "1", "content": "x", "status": "done"}]},
     "todos[0].status: must be one of pending, in_progress, completed, cancelled"),
    ("set_todos", {"todos": [{"id": "1", "content": "x"}] * 51},
     "todos: must have at most 50 entries"),
    ("set_todos", {"todos": [{"id": "1", "content": "x"}] * 2},
     "todos: two items have the same id"),
    ("read_file", {"path": "docs/none"}, "There is no file docs/none"),
    ("delete_file", {"path": "docs/none"}, "There is no file docs/none"),
    ("read_file", {"path": "docs/logo.png"}, "docs/logo.png is not a text file"),
    ("write_file", {"path": "docs.json", "content": ""},
     "docs.json is outside of the documentation's folder, docs/"),
    ("write_file", {"path": "docs/.git/config", "content": ""},
     "docs/.git/config belongs to git itself"),
    ("list_files", {"folder": "docs/.."},
     "docs/.. has a part that is empty or ends with a dot or a space"),
    ("edit_file", {"path": "docs/a.mdx", "old": "beta", "new": ""}, "The old text does not occur"),
    ("edit_file", {"path": "docs/a.mdx", "old": "same", "new": ""},
     "The old text occurs 2 times. Include more lines"),
    ("edit_file", {"path": "docs/a.mdx", "old": "", "new": ""}, "old: must not be empty"),
])  # fmt: skip
def test_invalid_call_raises_tool_error_with_reason(
    call_error, checkout, name, args, reason
) -> None:
    assert call_error(name, args) == reason
    assert not checkout.changed()


def test_tools_have_valid_schemas() -> None:
    for tool in TOOLS:
        assert tool.description
        assert tool.parameters["type"] == "object"
        assert set(tool.parameters["required"]) <= set(tool.parameters["properties"])
