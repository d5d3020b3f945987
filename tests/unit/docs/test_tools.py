"""The tools of a documentation agent, and their errors."""

from typing import Any

import pytest

from jobs.docs.agent.tools import MAX_READ_LENGTH, TOOLS, Finish, Toolbox, ToolError
from jobs.docs.docs_job import Priority, Todo, TodoStatus
from jobs.docs.ports import ToolCall
from jobs.kit.llm.tool_calls import CUT_OFF
from tests.unit.docs.checkout import MemoryCheckout

LINES = [f"line {n}\n" for n in range(1, 20_001)]
FILES = {
    "docs/a.mdx": b"# Alpha\n\nsame\nsame\n", "docs/b/c.mdx": "# Größe\r\n".encode(),
    "docs/logo.png": b"\x89PNG\xff", "docs/long.md": "".join(LINES).encode(),
    "docs.json": b"alpha",
}  # fmt: skip

AGAIN = "Nothing was done. Send them again, as one JSON object"
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


@pytest.mark.parametrize(("before", "old", "new", "after"), [
    ("a\r\nb\r\nc\r\n", "a\nb\n", "x\ny\nz\n", "x\r\ny\r\nz\r\nc\r\n"),
    ("a\r\nb\r\n", "a\r\nb", "x\ny", "x\r\ny\r\n"),
    ("a\nb\nc\n", "a\r\nb", "x\r\ny", "x\ny\nc\n"),
    ("a\nb\r\nc\rd\n", "b\nc", "x\ny", "a\nx\r\ny\rd\n"),
    ("a\r\nb\nc\r\nd", "b\n", "1\n2\n3\n", "a\r\n1\n2\n3\nc\r\nd"),
    ("a\r\nb\r\nc\n", "a\nb", "ab", "ab\r\nc\n"),
    ("a\r\nb\r\nc\nd", "c", "c\nC", "a\r\nb\r\nc\r\nC\nd"),
    ("a\r\rb\n\nc", "\n\nc", "", "a\r\rb"),
    ("a\r\n\r\nb", "a\n\nb", "a\nb", "a\r\nb"),
    ("\ufeff# T\r\na\r\n", "# T\na", "# U\nb", "\ufeff# U\r\nb\r\n"),
    ("\ufeff# T\n", "\ufeff# T\n", "# U\n", "\ufeff# U\n"),
    ("# T", "# T", "# U\nx", "# U\nx"),
    ("a\u2028b\x0cc\n", "\u2028b", "\u2028B", "a\u2028B\x0cc\n"),
])  # fmt: skip
def test_edit_keeps_line_breaks_of_file(toolbox, before, old, new, after) -> None:
    toolbox.checkout.write("docs/n.mdx", before.encode())

    args = {"path": "docs/n.mdx", "old": old, "new": new}
    toolbox.use(ToolCall(id="1", name="edit_file", args=args))

    assert toolbox.checkout.read("docs/n.mdx").decode() == after


@pytest.mark.parametrize("old", ["a\n", "a\r\n", "a\r"])
def test_edit_counts_a_text_whatever_its_line_breaks_are(call_error, checkout, old) -> None:
    checkout.write("docs/n.mdx", b"a\r\nb\na\n")

    error = call_error("edit_file", {"path": "docs/n.mdx", "old": old, "new": ""})

    assert error == "The old text occurs 2 times. Include more lines"


@pytest.mark.parametrize("old", ["a\n\nb", "\ufeff", "A\nb"])
def test_edit_of_other_text_is_refused(call_error, checkout, old) -> None:
    checkout.write("docs/n.mdx", "\ufeffa\r\nb".encode())

    error = call_error("edit_file", {"path": "docs/n.mdx", "old": old, "new": ""})

    assert error == "The old text does not occur"


@pytest.mark.parametrize(("before", "content", "after"), [
    (b"a\r\nb\r\n", "x\ny\n", b"x\r\ny\r\n"),
    (b"a\r\nb\r\nc\n", "x\n\ny\r\n", b"x\r\n\r\ny\r\n"),
    (b"a\nb\n", "x\r\ny", b"x\ny"),
    (b"a", "x\r\n", b"x\n"),
    (b"\xef\xbb\xbfa\r\n", "x\n", b"\xef\xbb\xbfx\r\n"),
    (b"\xef\xbb\xbfa\n", "\ufeffx\n", b"\xef\xbb\xbfx\n"),
    (b"\x89PNG\xff\r\n", "x\n", b"x\n"),
    (None, "x\r\ny\n", b"x\ny\n"),
])  # fmt: skip
def test_write_keeps_line_breaks_of_file(use, checkout, before, content, after) -> None:
    if before is not None:
        checkout.write("docs/n.mdx", before)

    use("write_file", path="docs/n.mdx", content=content)

    assert checkout.contents["docs/n.mdx"] == after


def test_lines_are_counted_as_in_editors(use, checkout) -> None:
    checkout.write("docs/n.mdx", "a\u2028b\x0cc\x85\r\nd\n".encode())

    assert use("read_file", path="docs/n.mdx", first_line=2) == {"content": "d\n", "lines": 2}
    assert [each["line"] for each in use("search", text="d")["matches"]] == [2]


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


def test_finish_has_no_thoughts(use, call_error, toolbox) -> None:
    assert call_error("finish", {"message": "<think>Hm</think>"}) == "message: must not be empty"

    use("finish", message="<think>Hm</think>Done", title="<think>Hm")

    assert toolbox.finished == Finish(message="Done", title="")


def test_finish_has_message_and_optional_fields(use, toolbox) -> None:
    use("finish", message="Done", title="A title", commit_message="Add a page\n\nWhy")

    assert toolbox.finished == Finish(message="Done", title="A title", commit="Add a page\n\nWhy")


@pytest.mark.parametrize(("name", "args", "reason"), [
    ("rm", {}, f"Unknown tool rm. Use one of {NAMES}"),
    ("", {}, f"Unknown tool . Use one of {NAMES}"),
    ("read_file", None, f"The arguments are not a JSON object: . {AGAIN}"),
    ("read_file", {}, "path: is missing"),
    ("read_file", {"path": True}, "path: must be a string"),
    ("read_file", {"path": ""}, "path: must not be empty"),
    ("read_file", {"path": None}, "path: must be a string"),
    ("read_file", {"path": "x" * 1001}, "path: must have at most 1000 characters"),
    ("read_file", {"path": "a", "first_line": 0}, "first_line: must be 1 or more"),
    ("read_file", {"path": "a", "first_line": True}, "first_line: must be an integer"),
    ("read_file", {"path": "a", "first_line": 1.5}, "first_line: must be an integer"),
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


def test_call_with_arguments_cut_off_tells_how_to_send_less(toolbox) -> None:
    call = ToolCall(id="1", name="write_file", args=None, problem=CUT_OFF)

    with pytest.raises(ToolError, match=r"they were cut off\. .* Write a shorter file first"):
        toolbox.use(call)


def test_arguments_with_one_meaning_are_taken(use, checkout, lists) -> None:
    use("read_file", path="docs/a.mdx", first_line="2", mode="r")
    use("read_file", path="docs/a.mdx", first_line=2.0)
    use("list_files", folder=None)
    use("list_files", folder="/docs/")
    use("read_file", path="./docs/a.mdx")
    use("read_file", path="/docs/a.mdx")
    use("write_file", path="docs/n.mdx", content=7, explanation="because")
    use("set_todos", todos='[{"id": 1, "content": "Read", "priority": null}]')
    use("set_todos", todos=['{"id": "2", "content": "Write"}'])

    assert checkout.contents["docs/n.mdx"] == b"7"
    assert lists == [(Todo(id="1", content="Read"),), (Todo(id="2", content="Write"),)]


def test_tools_have_valid_schemas() -> None:
    for tool in TOOLS:
        assert tool.description
        assert tool.parameters["type"] == "object"
        assert set(tool.parameters["required"]) <= set(tool.parameters["properties"])
