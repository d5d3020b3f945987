"""The local default: executes the plan in the last message. Needs no network.

    write docs/quickstart.md
    # Quickstart
    ---
    edit docs/index.md
    the old text, which is in the file once
    ===
    the new text
    ---
    delete docs/old.md
    ---
    say All done.

`sleep <seconds>` waits, `fail <reason>` fails the job. A line `---` ends a step only if the next
line begins a step, so that files may have front matter. Other messages change nothing.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jobs.docs.ports import Message, Tool, ToolCall, Turn
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, UpstreamError

_STEP: Final = re.compile(r"(write|edit|delete|say|sleep|fail) +(\S.*)")
_PAST_TENSE: Final = {"write": "Wrote", "edit": "Edited", "delete": "Deleted"}
_SEPARATOR: Final = "---"
_OLD_AND_NEW: Final = re.compile(r"\n?^===$\n?", re.MULTILINE)
_SECONDS: Final = re.compile(r"\d{1,3}(?:\.\d+)?")
_PIECE: Final = re.compile(r"\s*\S+\s*")
EXPLANATION: Final = """\
I am the scripted agent. I execute a plan and nothing else. For example:

write docs/quickstart.md
# Quickstart
---
say I wrote the quickstart.

Other steps are `edit <path>` (then the old text, a line `===`, the new text), \
`delete <path>`, `sleep <seconds>` and `fail <reason>`. I changed nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step: the command `word`, its argument `object`, and the following lines."""

    word: str
    object: str
    body: str

    @property
    def done(self) -> str:
        return f"{_PAST_TENSE[self.word]} {self.object}"


class ScriptedModel:
    """A stateless model: it derives the progress of the plan from the conversation."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def turn(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        *,
        emit_text: Callable[[str], None],
        deadline: Millis,
    ) -> Turn:
        """Return the next turn. Stream its text to `emit_text`. Raises `UpstreamError`."""
        last_user = max((n for n, each in enumerate(messages) if each["role"] == "user"), default=0)
        steps = plan(messages[last_user]["content"])
        if not steps:
            return _stream_text(EXPLANATION, emit_text)
        since = messages[last_user + 1 :]
        rounds = list(_rounds(steps))
        number = sum(each["role"] == "assistant" for each in since)
        text = "".join(self._do(step, emit_text, deadline) for step in rounds[number])
        calls = _calls(rounds, number, since)
        return Turn(text=text, calls=calls, reason="tool-calls", tokens_out=len(text.split()))

    def _do(self, step: Step, emit_text: Callable[[str], None], deadline: Millis) -> str:
        """Execute a step without tools and return its text."""
        match step.word:
            case "say":
                return _stream_text(f"{step.object}\n{step.body}".rstrip() + "\n", emit_text).text
            case "sleep":
                left = (deadline - self._clock()) / 1000
                time.sleep(max(0, min(float(step.object), left)))
            case "fail":
                raise UpstreamError(step.object, FailureClass.REFUSED)
        return ""


def plan(message: str) -> Sequence[Step]:
    """Parse the steps of a message. Return none if it is not a plan."""
    chunks: list[list[str]] = [[]]
    lines = message.replace("\r\n", "\n").strip("\n").split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.rstrip() == _SEPARATOR and _STEP.fullmatch(following):
            chunks.append([])
        else:
            chunks[-1].append(line)
    steps = [_step(head, rest) for head, *rest in filter(None, chunks)]
    return [step for step in steps if step] if all(steps) else []


def _step(head: str, rest: Sequence[str]) -> Step | None:
    match = _STEP.fullmatch(head)
    if not match:
        return None
    word, about = match[1], match[2].rstrip()
    step = Step(word, about, "\n".join(rest))
    if word == "edit" and len(_OLD_AND_NEW.split(step.body, maxsplit=1)) == 1:
        return None
    if word == "sleep" and not _SECONDS.fullmatch(about):
        return None
    return step


def _rounds(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """Split a plan after each step that uses a tool. The last round finishes the work."""
    current: list[Step] = []
    for step in steps:
        current.append(step)
        if step.word in _PAST_TENSE:
            yield current
            current = []
    yield current


def _calls(
    rounds: Sequence[Sequence[Step]], number: int, since: Sequence[Message]
) -> Sequence[ToolCall]:
    todos = _todos([each[-1] for each in rounds[:-1]], number)
    if number < len(rounds) - 1:
        return [*todos, _action(rounds[number][-1], number)]
    texts = [step.object for each in rounds for step in each if step.word == "say"]
    done = [each[-1].done for each in rounds[:-1]]
    errors = [
        json.loads(each["content"])["error"]
        for each in since
        if each["role"] == "tool" and "error" in json.loads(each["content"])
    ]
    message = "\n".join([*(texts or ["; ".join(done)]), *errors]) or "Done"
    title = {"title": done[0][:100]} if done else {}
    return [*todos, ToolCall(id="finish", name="finish", args={"message": message, **title})]


def _todos(actions: Sequence[Step], number: int) -> Sequence[ToolCall]:
    """Return a call of `set_todos` with the progress, or none for a plan without actions."""
    states = ["completed"] * number + ["in_progress"] + ["pending"] * len(actions)
    todos = [
        {"id": str(n), "content": f"{step.word} {step.object}"[:500], "status": state}
        for n, (step, state) in enumerate(zip(actions, states, strict=False), 1)
    ]
    return (
        [ToolCall(id=f"todos-{number}", name="set_todos", args={"todos": todos})] if todos else []
    )


def _action(step: Step, number: int) -> ToolCall:
    args: dict[str, Any] = {"path": step.object}
    match step.word:
        case "write":
            args["content"] = f"{step.body}\n" if step.body else ""
        case "edit":
            args["old"], args["new"] = _OLD_AND_NEW.split(step.body, maxsplit=1)
    return ToolCall(id=f"{step.word}-{number}", name=f"{step.word}_file", args=args)


def _stream_text(text: str, emit_text: Callable[[str], None]) -> Turn:
    for piece in _PIECE.findall(text):
        emit_text(piece)
    return Turn(text=text, calls=[], reason="stop", tokens_out=len(text.split()))
