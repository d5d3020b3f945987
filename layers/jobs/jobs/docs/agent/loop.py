"""The loop of a documentation agent: call the model, run its tool calls, return the results."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from jobs.docs.agent.notes import notes_event, read_notes
from jobs.docs.agent.prompt import conversation, default_title
from jobs.docs.agent.tools import TOOLS, Finish, Toolbox, ToolError
from jobs.docs.docs_job import DocsJob, Project, Todo
from jobs.docs.errors import UnfinishedError
from jobs.docs.output import todos_event
from jobs.docs.ports import AgentResult, Checkout, Message, Note, Output, ToolCall, ToolModel, Turn
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.llm.failures import CUT_OFF_AT_LIMIT, FILTERED
from jobs.kit.llm.reason import Reason

MAX_STEPS: Final = 40
MAX_REPEATS: Final = 5
MAX_CONTINUATIONS: Final = 3
"""How often a model that stopped too early is asked to go on."""
MAX_CALLS_PER_TURN: Final = 32
MAX_OUTPUT_LENGTH: Final = 512 * 1024
MAX_CONTEXT_LENGTH: Final = 8 * 2**20
"""In characters, per job: the model's text, and the messages in its context."""
_MAX_SHOWN_LENGTH: Final = 4000
"""In characters, of an argument or a result in the output."""

_GO_ON_WRITING: Final = (
    "Your answer was cut off at your output limit. Go on where it ended, with less at once. "
    "Call finish when everything is done."
)
_GO_ON: Final = (
    "Your answer has ended without a tool call and without a message. Go on with your work, or "
    "call finish with your message to the user."
)
_FINISH: Final = Toolbox.finish.__name__
_NOT_FINISHED: Final = (
    "Not finished: a tool call of this turn has failed. Correct it, then call finish again"
)

type Models = Callable[[Project, str], ToolModel]
"""Returns a project's model for `sonnet` or `opus`. Raises `UpstreamError` if it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocsAgent:
    models: Models
    clock: Clock

    def __call__(  # noqa: PLR0913 - all that an agent is about
        self,
        project: Project,
        docs_job: DocsJob,
        messages: Sequence[Message],
        checkout: Checkout,
        *,
        job_id: str,
        emit: Output,
        note: Note,
        deadline: Millis,
    ) -> AgentResult:
        """Run the model on the checkout until it finishes. Emit the events of its turns.

        The caller emits the start and the end. Raises `UpstreamError`, also at the limits.
        """
        model = self.models(project, docs_job.model)
        notes = read_notes(checkout, project.folder)
        if notes:
            emit(notes_event(notes))
        context = [*conversation(project, docs_job, messages, notes)]
        work = _Work(job_id, model, checkout, emit, note, context)
        for _ in range(MAX_STEPS):
            if self.clock() >= deadline:
                raise UpstreamError("The agent took too long", FailureClass.TIMEOUT)
            if work.step(deadline):
                break
        else:
            raise UpstreamError(
                f"The agent did not finish within {MAX_STEPS} steps", FailureClass.QUOTA
            )
        end = work.finished or Finish(message=work.said)
        title = end.title or docs_job.title or default_title(messages)
        note(title=title)
        return AgentResult(message=end.message, summary=end.commit or title)


class _Work:
    """The conversation with a model."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that it is about
        self,
        job_id: str,
        model: ToolModel,
        checkout: Checkout,
        emit: Output,
        note: Note,
        messages: list[Message],
    ) -> None:
        self._model, self._emit, self._note, self._messages = model, emit, note, messages
        self._tools = Toolbox(checkout, self._todo)
        self._id = job_id  # the message id of the client, the same in each attempt
        self._text_length = self._repeats = self._continued = self._calls = 0
        self._failed = False
        self._ids: set[str] = set()
        self.said = ""  # the text since the last tool call
        self._last: tuple[object, ...] = ()

    @property
    def finished(self) -> Finish | None:
        return self._tools.finished

    def step(self, deadline: Millis) -> bool:
        """Take a turn. Return whether the work is finished. Raises `UpstreamError`."""
        turn = self._take_turn(deadline)
        if turn.reason == "content-filter":
            raise UnfinishedError(*FILTERED, reason=turn.reason)
        if turn.calls:
            self.said = ""
            return self.finished is not None
        self.said += turn.text
        if turn.reason == "stop" and self.said.strip():
            return True
        self._continue(turn.reason)
        return False

    def _continue(self, reason: Reason) -> None:
        """Ask the model to go on. Raises `UnfinishedError` at the limit."""
        self._continued += 1
        if self._continued <= MAX_CONTINUATIONS:
            request = _GO_ON_WRITING if reason == "length" else _GO_ON
            self._messages.append({"role": "user", "content": request})
        elif reason == "length":
            text = f"The agent's answer was {CUT_OFF_AT_LIMIT}"
            raise UnfinishedError(text, FailureClass.QUOTA, reason=reason)
        else:
            text = "The agent's model stopped before it finished"
            raise UnfinishedError(text, FailureClass.BAD_ANSWER, reason=reason)

    def _take_turn(self, deadline: Millis) -> Turn:
        self._emit({"t": "step-start", "id": self._id})
        turn = self._model.turn(self._messages, TOOLS, emit_text=self._emit_text, deadline=deadline)
        if len(turn.calls) > MAX_CALLS_PER_TURN:
            raise UpstreamError(
                "The agent made too many tool calls in one turn", FailureClass.QUOTA
            )
        calls = [self._with_unique_id(each) for each in turn.calls]
        if calls or turn.text.strip():
            self._messages.append({
                "role": "assistant", "content": turn.text, "calls": calls,
                "reasoning": turn.reasoning,
            })  # fmt: skip
        self._run(calls)
        if sum(len(each["content"]) for each in self._messages) > MAX_CONTEXT_LENGTH:
            raise UpstreamError("The agent has read too much", FailureClass.QUOTA)
        counted = {"in": turn.tokens_in, "out": turn.tokens_out}
        self._emit({"t": "step-finish", "reason": turn.reason, **counted})
        return turn

    def _run(self, calls: Sequence[ToolCall]) -> None:
        """Run the calls of a turn, `finish` last: it tells the user what the others have done."""
        self._failed = False
        for call in sorted(calls, key=lambda each: each.name == _FINISH):
            self._stop_if_stuck(call)
            answer = json.dumps(self._use(call), ensure_ascii=False)
            self._messages.append({"role": "tool", "id": call.id, "content": answer})

    def _with_unique_id(self, call: ToolCall) -> ToolCall:
        """Return the call with an id of its own in this job: not all endpoints give one."""
        self._calls += 1
        name = call.id
        if not name or name in self._ids:
            name = f"call{self._calls:05}"  # Mistral takes nine letters and digits
        self._ids.add(name)
        return replace(call, id=name)

    def _use(self, call: ToolCall) -> Mapping[str, Any]:
        self._emit({
            "t": "tool-call", "id": call.id, "name": call.name, "args": shorten(call.args or {}),
        })  # fmt: skip
        try:
            result = self._use_tool(call)
        except ToolError as error:
            self._failed = True
            self._emit({"t": "tool-error", "id": call.id, "error": shorten(str(error))})
            return {"error": str(error)}
        self._emit({"t": "tool-result", "id": call.id, "result": shorten(result)})
        return result

    def _use_tool(self, call: ToolCall) -> Mapping[str, Any]:
        if self._failed and call.name == _FINISH:
            raise ToolError(_NOT_FINISHED)
        return self._tools.use(call)

    def _emit_text(self, text: str) -> None:
        self._text_length += len(text)
        if self._text_length > MAX_OUTPUT_LENGTH:
            raise UpstreamError("The agent wrote too much text", FailureClass.QUOTA)
        if text:
            self._emit({"t": "text", "text": text})

    def _todo(self, todos: tuple[Todo, ...]) -> None:
        self._note(todos=todos)
        self._emit(todos_event(todos))

    def _stop_if_stuck(self, call: ToolCall) -> None:
        same = (call.name, call.raw, json.dumps(call.args, sort_keys=True))
        self._repeats = self._repeats + 1 if same == self._last else 1
        self._last = same
        if self._repeats >= MAX_REPEATS:
            raise UpstreamError(
                f"The agent repeated the same tool call ({call.name[:50]})", FailureClass.BAD_ANSWER
            )


def shorten(value: Any) -> Any:
    """Shorten long texts and lists, because output items are small."""
    if isinstance(value, str):
        return value if len(value) <= _MAX_SHOWN_LENGTH else f"{value[:_MAX_SHOWN_LENGTH]}…"
    if isinstance(value, Mapping):
        return {str(key)[:100]: shorten(each) for key, each in list(value.items())[:20]}
    if isinstance(value, list | tuple):
        return [shorten(each) for each in value[:100]]
    return value
