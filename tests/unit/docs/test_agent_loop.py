"""The loop of a documentation agent."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.docs.agent.loop import MAX_STEPS, DocsAgent
from jobs.docs.docs_job import DocsJob, Project, Todo
from jobs.docs.errors import UnfinishedError
from jobs.docs.ports import ToolCall, Turn
from jobs.kit.errors import FailureClass, UpstreamError
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


def test_agent_reads_the_repositorys_notes_and_tells_which(run) -> None:
    run.checkout = MemoryCheckout({"AGENTS.md": b"Write British English.", "docs/old.md": b"old"})
    model = Model(text_turn("Hello"))

    run(model)

    assert run.events[0] == {
        "t": "data", "name": "notes",
        "data": {"files": [{"path": "AGENTS.md", "bytes": 22, "cutOff": False}]},
    }  # fmt: skip
    [[_, quoted, asked, *_]] = model.contexts
    assert "Write British English." in quoted["content"]
    assert asked == ASK[0]


def test_tools_do_not_read_notes_outside_of_the_folder(run) -> None:
    run.checkout = MemoryCheckout({"AGENTS.md": b"x"})
    model = Model(calls(("read_file", {"path": "AGENTS.md"})), text_turn("Done"))

    run(model)

    [error] = [event["error"] for event in run.events if event["t"] == "tool-error"]
    assert "outside of the documentation's folder" in error


def test_agent_runs_until_model_finishes(run) -> None:
    model = Model(
        calls(("write_file", PAGE), text="I write"),
        calls(("finish", {"message": "Wrote it", "title": "A page", "commit_message": "Add a"})),
    )

    written = run(model)

    assert (written.message, written.summary) == ("Wrote it", "Add a")
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
        {"t": "tool-call", "id": "call00002", "name": "finish", "args": {
            "message": "Wrote it", "title": "A page", "commit_message": "Add a",
        }},
        {"t": "tool-result", "id": "call00002", "result": {}},
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


LENGTH = Turn(text="I will now", calls=[], reason="length")
CUT_OFF = "The agent's answer was cut off at the model's limit"


def test_turn_cut_off_is_continued(run) -> None:
    model = Model(calls(("write_file", PAGE)), LENGTH, text_turn(" stop."))

    written = run(model)

    assert written.message == "I will now stop."
    *_, answer, request = model.contexts[2]
    assert (answer["role"], answer["content"]) == ("assistant", "I will now")
    assert request["role"] == "user"
    assert "cut off" in request["content"]
    assert run.kinds().count("step-finish") == 3


def test_turn_cut_off_again_and_again_fails_agent(run) -> None:
    model = Model(calls(("write_file", PAGE)), LENGTH)

    with pytest.raises(UnfinishedError, match=f"^{CUT_OFF}$") as error:
        run(model)

    assert (error.value.reason, error.value.failure_class) == ("length", "quota")
    assert len(model.contexts) == 5


def test_turns_cut_off_between_calls_fail_agent_as_well(run) -> None:
    page = calls(("write_file", PAGE))
    model = Model(*[page, LENGTH] * 4)

    with pytest.raises(UnfinishedError, match=f"^{CUT_OFF}$"):
        run(model)


def test_call_cut_off_is_told_to_model_with_its_text(run) -> None:
    torn = ToolCall(id="a", name="write_file", args=None, raw='{"path":', problem="it was cut off")
    model = Model(Turn(text="", calls=[torn], reason="length"), text_turn("Sorry"))

    run(model)

    *_, turn, answer = model.contexts[1]
    assert turn["calls"] == [torn]
    assert "it was cut off" in answer["content"]


@pytest.mark.parametrize("reason", ["stop", "other", "tool-calls"])
def test_turn_without_calls_or_text_is_continued(run, reason) -> None:
    model = Model(Turn(text=" ", calls=[], reason=reason), text_turn("Done"))

    assert run(model).message.strip() == "Done"

    assert [each["role"] for each in model.contexts[1]] == ["system", "user", "user"]


@pytest.mark.parametrize("reason", ["stop", "other", "tool-calls"])
def test_model_that_never_finishes_fails_agent(run, reason) -> None:
    with pytest.raises(UnfinishedError, match=r"stopped before it finished$") as error:
        run(Model(Turn(text="", calls=[], reason=reason)))

    assert error.value.failure_class == "bad_answer"


@pytest.mark.parametrize("made", [(), (("finish", {"message": "Done"}),)])
def test_turn_blocked_by_filter_fails_agent(run, made) -> None:
    turn = replace(calls(*made, text="How to"), reason="content-filter")

    with pytest.raises(UnfinishedError, match="blocked by the provider's filter") as error:
        run(Model(turn))

    assert (error.value.reason, error.value.failure_class) == ("content-filter", "refused")


@pytest.mark.parametrize("made", [
    [("read_file", {"path": "docs/none"}), ("finish", {"message": "Done"})],
    [("finish", {"message": "Done"}), ("write_file", None)],
])  # fmt: skip
def test_finish_in_turn_of_failed_call_is_refused(run, made) -> None:
    model = Model(calls(*made), calls(("finish", {"message": "Now it is"})))

    assert run(model).message == "Now it is"

    *_, first, second = model.contexts[1]
    assert "error" in first["content"]
    assert "Not finished" in second["content"]


def test_calls_have_ids_of_their_own(run) -> None:
    same = [ToolCall(id=id_, name="list_files", args={"folder": f"docs/{n}"})
            for n, id_ in enumerate(("x", "x", "", "y"))]  # fmt: skip
    turn = Turn(text="", calls=same, reason="tool-calls", reasoning="Hm")
    model = Model(turn, turn, text_turn("Done"))

    run(model)

    ids = [each["id"] for each in run.events if each["t"] == "tool-call"]
    assert len(set(ids)) == 8
    assert {ids[0], ids[3]} == {"x", "y"}
    assert [each["id"] for each in model.contexts[2] if each["role"] == "tool"] == ids
    assert model.contexts[1][2]["reasoning"] == "Hm"


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
        run(Model(UpstreamError("away", FailureClass.REFUSED)))


def test_emitted_values_are_shortened(run) -> None:
    run(
        Model(
            calls(("write_file", {"path": "docs/l.md", "content": "x" * 500_000})), text_turn("x")
        )
    )

    [shown] = [event for event in run.events if event["t"] == "tool-call"]
    assert len(shown["args"]["content"]) == 4001
    assert len(run.checkout.contents["docs/l.md"]) == 500_000
