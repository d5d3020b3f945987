"""The scripted documentation agent, which executes a plan."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.docs.adapters.models import scripted
from jobs.docs.adapters.models.scripted import EXPLANATION, ScriptedModel, plan
from jobs.docs.agent.loop import DocsAgent
from jobs.docs.docs_job import DocsJob, Project
from jobs.kit.errors import UpstreamError
from tests.support import NOON
from tests.unit.docs.checkout import MemoryCheckout

PROJECT = Project(id="p", tenant="acme", repository="https://git.example/docs", folder="docs")
SESSION = DocsJob(project="p", branch="docs/x", model="sonnet", repository="r")
OLD = {"docs/a.mdx": b"one\ntwo\n", "docs/b.mdx": b"bye"}


class Run:
    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.checkout = MemoryCheckout(OLD)
        self.events: list[Any] = []
        self.todos: list[Any] = []

    def __call__(self, *texts: str) -> Any:
        roles = ["user", "assistant"] * len(texts)
        messages = [{"role": r, "content": c} for r, c in zip(roles, texts, strict=False)]
        agent = DocsAgent(models=lambda *_: ScriptedModel(self.clock), clock=self.clock)
        return agent(
            PROJECT, SESSION, messages, self.checkout,
            emit=self.events.append,
            note=lambda **changes: self.todos.append(changes.get("todos")),
            job_id="j1",
            deadline=NOON + 60_000,
        )  # fmt: skip

    @property
    def text(self) -> str:
        return "".join(event["text"] for event in self.events if event["t"] == "text")


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(scripted.time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def run(clock, slept) -> Run:
    return Run(clock)


def test_plan_writes_file(run) -> None:
    page = "---\ntitle: Quickstart\n---\n\n# Hello ü\n\n  indented\n---\nlast"

    written = run(f"write docs/q.mdx\n{page}")

    assert run.checkout.contents == OLD | {"docs/q.mdx": f"{page}\n".encode()}
    assert (written.message, written.summary) == ("Wrote docs/q.mdx", "Wrote docs/q.mdx")


def test_plan_executes_steps_in_order(run, slept) -> None:
    written = run(
        "say First words.\nAnd more.\n---\nwrite docs/n.mdx\nnew\n---\nsleep 0.5\n---\n"
        "edit docs/a.mdx\none\ntwo\n===\nthree\n---\ndelete docs/b.mdx\n---\nsay All done."
    )

    assert run.checkout.contents == {"docs/a.mdx": b"three\n", "docs/n.mdx": b"new\n"}
    assert run.text == "First words.\nAnd more.\nAll done.\n"
    assert written.message == "First words.\nAll done."
    assert slept == [0.5]
    assert [event["t"] for event in run.events].count("step-start") == 4


def test_plan_reports_progress_as_todos(run) -> None:
    run("write docs/1.md\n1\n---\nwrite docs/2.md\n2")

    shown = [[todo.status for todo in todos] for todos in run.todos if todos]
    assert shown == [
        ["in_progress", "pending"], ["completed", "in_progress"], ["completed", "completed"],
    ]  # fmt: skip


def test_text_is_streamed_in_pieces(run) -> None:
    run("say one two  three\nfour")

    pieces = [event["text"] for event in run.events if event["t"] == "text"]
    assert pieces == ["one ", "two  ", "three\n", "four\n"]


@pytest.mark.parametrize("message", [
    "", "Hello", "write", "write ", "Write docs/a.mdx", "please write docs/a.mdx\nx", "---",
    "write docs/a.mdx\nx\n---\nedit docs/a.mdx\nno new text", "sleep soon", "sleep 1000", "edit x",
    "say", "fail", " say x",
])  # fmt: skip
def test_message_without_plan_changes_nothing(run, message) -> None:
    written = run(message)

    assert written.message == EXPLANATION
    assert run.text == EXPLANATION
    assert not run.checkout.changed()


def test_plan_with_fail_raises_error(run) -> None:
    with pytest.raises(UpstreamError, match=r"^no reason$"):
        run("write docs/n.mdx\nx\n---\nfail no reason")


def test_refused_step_is_reported_and_others_run(run) -> None:
    written = run("write ../x\nevil\n---\ndelete docs/none\n---\nwrite docs/n.mdx\nx")

    assert run.checkout.contents == OLD | {"docs/n.mdx": b"x\n"}
    assert "../x has a part that is empty or ends with a dot" in written.message
    assert "There is no file docs/none" in written.message


def test_plan_is_last_message_only(run) -> None:
    run("write docs/1.md\n1", "Wrote docs/1.md", "write docs/2.md\n2")

    assert run.checkout.contents == OLD | {"docs/2.md": b"2\n"}


def test_plan_with_sleep_ends_at_deadline(run, slept, clock) -> None:
    clock.advance(59_000)
    run("sleep 600")

    assert slept == [1.0]


@given(st.text(alphabet="wsedlf ay\n-=/.1é", max_size=60))
def test_plan_of_any_text_does_not_raise(message) -> None:
    for step in plan(message):
        assert step.word in {"write", "edit", "delete", "say", "sleep", "fail"}
        assert step.object


def test_plan_with_long_run_of_spaces_is_parsed_in_linear_time() -> None:
    spaces = " " * 100_000  # minutes, in quadratic time

    [step] = plan(f"say x{spaces}y{spaces}")

    assert step.object == f"x{spaces}y"
