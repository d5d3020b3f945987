"""The loop of a documentation agent."""

from typing import Any

import pytest

from jobs.docs.agent.loop import MAX_STEPS, DocsAgent
from jobs.docs.docs_job import DocsJob, Project, Todo
from jobs.kit.errors import UpstreamError
from tests.support import NOON
from tests.unit.docs.checkout import MemoryCheckout, Model, calls, text_turn

PROJECT = Project(id="p", tenant="acme", repository="https://git.example/docs", folder="docs")
SESSION = DocsJob(project="p", branch="docs/x", model="sonnet", repository="r")
ASK = ({"role": "user", "content": "Write a page"},)
PAGE = {"path": "docs/a.md", "content": "# A\n"}


class Run:
    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.checkout = MemoryCheckout({"docs/old.md": b"old"})
        self.events: list[Any] = []
        self.notes: list[Any] = []

    def __call__(self, model: Model, messages: Any = ASK, **about: Any) -> Any:
        agent = DocsAgent(models=lambda project, name: model, clock=self.clock)
        return agent(
            PROJECT, about.get("session", SESSION), messages, self.checkout,
            emit=self.events.append, note=lambda **changes: self.notes.append(changes),
            job_id="j1",
            deadline=NOON + 60_000,
        )  # fmt: skip

    def kinds(self) -> list[str]:
        return [event["t"] for event in self.events]


@pytest.fixture
def run(clock) -> Run:
    return Run(clock)


def test_agent_runs_until_model_finishes(run) -> None:
    model = Model(
        calls(("write_file", PAGE), text="I write"),
        calls(("finish", {"message": "Wrote it", "title": "A page", "commit_message": "Add a"})),
    )

    written = run(model)

    assert (written.message, written.summary) == ("Wrote it", "Add a")
    assert (written.tokens_in, written.tokens_out) == (20, 4)
    assert run.checkout.contents["docs/a.md"] == b"# A\n"
    assert run.notes == [{"title": "A page"}]
    assert run.events == [
        {"t": "step-start", "id": "j1"},
        {"t": "text", "text": "I"},
        {"t": "text", "text": "write"},
        {"t": "tool-call", "id": "c0", "name": "write_file", "args": PAGE},
        {"t": "tool-result", "id": "c0", "result": {"path": "docs/a.md", "bytes": 4}},
        {"t": "step-finish", "reason": "tool-calls", "in": 10, "out": 2},
        {"t": "step-start", "id": "j1"},
        {"t": "tool-call", "id": "c0", "name": "finish", "args": {
            "message": "Wrote it", "title": "A page", "commit_message": "Add a",
        }},
        {"t": "tool-result", "id": "c0", "result": {}},
        {"t": "step-finish", "reason": "tool-calls", "in": 10, "out": 2},
    ]  # fmt: skip


def test_agent_returns_tool_results_to_model(run) -> None:
    model = Model(
        calls(("read_file", {"path": "docs/old.md"}), ("read_file", {"path": "../x"})),
        text_turn("Nothing to do"),
    )

    run(model)

    *_, turn, first, second = model.contexts[1]
    assert (turn["role"], [call.id for call in turn["calls"]]) == ("assistant", ["c0", "c1"])
    assert first == {"role": "tool", "id": "c0", "content": '{"content": "old", "lines": 1}'}
    assert second["id"] == "c1"
    assert '"error"' in second["content"]
    assert [k for k in run.kinds() if k.startswith("tool-")] == [
        "tool-call", "tool-result", "tool-call", "tool-error",
    ]  # fmt: skip


def test_turn_without_calls_ends_agent(run) -> None:
    written = run(Model(text_turn("Nothing to do")))

    assert (written.message, written.summary) == ("Nothing to do", "Write a page")
    assert not run.checkout.changed()
    assert run.notes == [{"title": "Write a page"}]


def test_title_stays_without_new_one(run) -> None:
    named = DocsJob(project="p", branch="b", model="opus", repository="r", title="Earlier")

    run(Model(text_turn("x")), session=named)
    run(Model(calls(("finish", {"message": "m", "title": "Later"}))), session=named)

    assert run.notes == [{"title": "Earlier"}, {"title": "Later"}]


@pytest.mark.parametrize(("prompt", "title"), [
    ("  Fix\n\nthe  typo ", "Fix the typo"), ("x" * 80, "x" * 71 + "…"),
    ("", "Update the documentation"),
])  # fmt: skip
def test_title_defaults_to_request(run, prompt, title) -> None:
    run(Model(text_turn("x")), [{"role": "user", "content": prompt}])

    assert run.notes == [{"title": title}]


def test_prompt_precedes_messages_of_caller(run) -> None:
    model = Model(text_turn("x"))
    messages = [{"role": "system", "content": "Be brief"}, *ASK]

    run(model, messages)

    first, *others = model.contexts[0]
    assert first["role"] == "system"
    assert "docs/x" in first["content"]
    assert "docs/. You" in first["content"]
    assert others == messages


def test_system_messages_alone_become_user_messages(run) -> None:
    model = Model(text_turn("x"))

    run(model, [{"role": "system", "content": "Write"}])

    assert [each["role"] for each in model.contexts[0]] == ["system", "user"]


def test_todos_are_stored_and_emitted(run) -> None:
    run(Model(calls(("set_todos", {"todos": [{"id": "1", "content": "Read"}]})), text_turn("x")))

    assert run.notes[0] == {"todos": (Todo(id="1", content="Read"),)}
    shown = {"id": "1", "content": "Read", "status": "pending", "priority": "medium"}
    assert {"t": "data", "name": "todos", "data": {"todos": [shown]}} in run.events


def test_tool_error_does_not_end_agent(run) -> None:
    written = run(Model(calls(("write_file", None), ("fly", {})), text_turn("Sorry")))

    assert written.message == "Sorry"
    assert run.kinds().count("tool-error") == 2


def test_repeated_calls_fail_agent(run) -> None:
    model = Model(calls(("read_file", {"path": "docs/old.md"})))

    with pytest.raises(
        UpstreamError, match=r"^The agent repeated the same tool call \(read_file\)$"
    ):
        run(model)

    assert len(model.contexts) == 5


def test_too_many_steps_fail_agent(run) -> None:
    model = Model(*(calls(("search", {"text": str(n)})) for n in range(MAX_STEPS + 1)))

    with pytest.raises(UpstreamError, match=r"^The agent did not finish within 40 steps$"):
        run(model)

    assert len(model.contexts) == MAX_STEPS


def test_too_many_calls_per_turn_fail_agent(run) -> None:
    with pytest.raises(UpstreamError, match=r"^The agent made too many tool calls in one turn$"):
        run(Model(calls(*[("list_files", {})] * 33)))


def test_too_much_text_fails_agent(run) -> None:
    with pytest.raises(UpstreamError, match=r"^The agent wrote too much text$"):
        run(Model(text_turn("x" * 600_000)))


def test_too_large_context_fails_agent(run) -> None:
    run.checkout.write("docs/big.md", b"x" * 2**20)
    read = ("read_file", {"path": "docs/big.md"})
    model = Model(*(calls(*[read, ("list_files", {})] * 16) for _ in range(MAX_STEPS)))

    with pytest.raises(UpstreamError, match=r"^The agent has read too much$"):
        run(model)


def test_deadline_ends_agent_before_next_turn(run, clock) -> None:
    clock.advance(60_000)

    with pytest.raises(UpstreamError, match=r"^The agent took too long$"):
        run(Model(text_turn("x")))


def test_model_error_fails_agent(run) -> None:
    with pytest.raises(UpstreamError, match=r"^away$"):
        run(Model(UpstreamError("away")))


def test_emitted_values_are_shortened(run) -> None:
    run(
        Model(
            calls(("write_file", {"path": "docs/l.md", "content": "x" * 500_000})), text_turn("x")
        )
    )

    [shown] = [event for event in run.events if event["t"] == "tool-call"]
    assert len(shown["args"]["content"]) == 4001
    assert len(run.checkout.contents["docs/l.md"]) == 500_000
