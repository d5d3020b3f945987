"""An answer of an OpenAI-compatible endpoint (chat completions), whole or in chunks.

Reads the shapes that endpoints send: content as text or as parts, a `delta` or a `message`, tool
calls or the older function call, errors instead of chunks. Reasoning is not part of the answer.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.kit import lenient_json, strict_json
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.llm.failures import FAILED
from jobs.kit.llm.reason import Reason
from jobs.kit.llm.thoughts import ThoughtFilter, without_lone_closing
from jobs.kit.llm.tool_calls import CalledTool, ToolCallReader
from jobs.kit.outbound.event_reader import ServerEvent
from jobs.kit.outbound.sse import CUT_OFF, INVALID_ANSWER, PeerError, TransientError

_MAX_TOKENS: Final = 10**9
"""More in one answer is an error of the endpoint."""
_MAX_NAME_LENGTH: Final = 256
_DONE: Final = "[DONE]"

_REASONS: Final[Mapping[str, Reason]] = {
    "stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "eos": "stop", "eos_token": "stop",
    "end": "stop", "complete": "stop", "completed": "stop",
    "length": "length", "max_tokens": "length", "max_length": "length", "model_length": "length",
    "max_output_tokens": "length", "max_completion_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool-calls", "tool_call": "tool-calls", "tool_use": "tool-calls",
    "function_call": "tool-calls",
    "content_filter": "content-filter", "content_filtered": "content-filter",
    "guardrail_intervened": "content-filter", "safety": "content-filter",
    "refusal": "content-filter", "recitation": "content-filter", "blocklist": "content-filter",
    "prohibited_content": "content-filter", "spii": "content-filter", "sensitive": "content-filter",
}  # fmt: skip
_FAILURES: Final = frozenset({
    "error", "network_error", "insufficient_system_resource", "abort", "aborted",
})  # fmt: skip


def to_reason(words: str) -> Reason:
    """Return an endpoint's reason to stop in our words."""
    return _REASONS.get(words.lower(), "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """`refusal`: the model's words when it declines. `reasoning` is for the endpoint alone.

    `model`: the model that the endpoint says has answered; empty if it does not say.
    """

    text: str
    calls: Sequence[CalledTool]
    reason: Reason
    refusal: str = ""
    reasoning: str = ""
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass
class CompletionReader:
    """Assembles an answer from events. `names` are the tools that the model may call."""

    names: Collection[str] = ()
    is_done: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._text, self._thoughts = lenient_json.TextJoiner(), ThoughtFilter()
        self._shown: list[str] = []
        self._reasoning: list[str] = []
        self._refusal = self._finish = self._model = ""
        self._tools = ToolCallReader(self.names)
        self._is_complete = False  # a message ends without a finish_reason as well
        self._has_content = False
        self._usage: Mapping[str, Any] = {}

    def take(self, event: ServerEvent) -> str:
        """Add an event and return its text for users.

        Raises `PeerError` for an error, `UpstreamError`, `TransientError`.
        """
        shown = ""
        try:
            for chunk in self._parse(event):
                shown += self._add_chunk(chunk)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            if not event.is_whole:
                raise TransientError(CUT_OFF) from error
            raise UpstreamError(
                INVALID_ANSWER, FailureClass.BAD_ANSWER, detail=f"{type(error).__name__}: {error}"
            ) from error
        self._shown.append(shown)
        return shown

    def end(self) -> str:
        """Return the rest of the text, which might have been the beginning of a thought."""
        shown = self._thoughts.feed(self._text.end()) + self._thoughts.end()
        self._shown.append(shown)
        return shown

    def completion(self) -> Completion:
        """Return the answer. Raises `TransientError` if it was cut off, or the model failed."""
        finish, calls = self._finish.lower(), self._tools.calls
        if finish in _FAILURES:
            raise TransientError(FAILED, detail=f"finish_reason {finish}")
        if not finish and not (self.is_done or self._is_complete):
            raise TransientError(CUT_OFF)
        shown = "".join(self._shown)
        if not (finish or calls or shown or self._refusal):
            raise TransientError(CUT_OFF, detail="it is empty")
        reason = to_reason(finish) if finish else "stop"
        if calls and reason in {"stop", "other"}:
            reason = "tool-calls"
        elif reason == "tool-calls" and not calls:
            reason = "other"
        return Completion(
            text=without_lone_closing(shown),
            calls=calls,
            reason=reason,
            refusal=lenient_json.clean(self._refusal).strip(),
            reasoning=lenient_json.clean("".join(self._reasoning)),
            model=lenient_json.clean(self._model)[:_MAX_NAME_LENGTH],
            tokens_in=_count(self._usage, "prompt_tokens"),
            tokens_out=_count(self._usage, "completion_tokens"),
        )

    def _parse(self, event: ServerEvent) -> Iterator[Mapping[str, Any]]:
        """Yield the chunks of an event. Some endpoints put no empty line between two events."""
        for document in _documents(event.data):
            if document == _DONE:
                self.is_done = True
                return
            try:
                chunks = lenient_json.loads(document)
            except ValueError:
                if event.name == "error":
                    raise PeerError(0, document) from None
                raise
            for chunk in chunks if isinstance(chunks, list) else [chunks]:
                _raise_error(chunk, document, is_error=event.name == "error")
                yield chunk

    def _add_chunk(self, chunk: Mapping[str, Any]) -> str:
        self._usage = chunk.get("usage") or self._usage
        if isinstance(model := chunk.get("model"), str):
            self._model = model or self._model
        choices = chunk.get("choices") or []
        for choice in choices:
            if choice.get("index") in {0, None}:
                return self._add_choice(choice)
        return ""

    def _add_choice(self, choice: Mapping[str, Any]) -> str:
        if choice.get("error"):
            _raise_error(choice, strict_json.dumps(choice["error"]))
        self._take_reason(choice.get("finish_reason"))
        shown = self._add(choice.get("delta") or {})
        if message := choice.get("message"):
            shown += self._add_message(message)
        return shown

    def _take_reason(self, finish: Any) -> None:
        """Take a reason to stop. A gateway's "stop" at the very end replaces no other one."""
        known = isinstance(finish, str) and finish not in {"", "null"}
        if known and not (self._finish and to_reason(finish) == "stop"):
            self._finish = finish

    def _add_message(self, message: Mapping[str, Any]) -> str:
        """Add a whole message. After deltas, it may repeat them."""
        self._is_complete = True
        left_out: set[str] = set()
        if self._has_content:
            left_out.add("content")
        if self._tools.calls:
            left_out |= {"tool_calls", "function_call"}
        if self._refusal:
            left_out.add("refusal")
        if self._reasoning:
            left_out.add("reasoning_content")
        return self._add({name: each for name, each in message.items() if name not in left_out})

    def _add(self, delta: Mapping[str, Any]) -> str:
        self._tools.take(delta.get("tool_calls"))
        if call := delta.get("function_call"):  # before there were tools
            self._tools.take({"index": 0, "function": call})
        self._refusal += delta.get("refusal") or ""
        if isinstance(reasoning := delta.get("reasoning_content"), str):
            self._reasoning.append(reasoning)
        content = self._text_of(delta.get("content"))
        self._has_content = self._has_content or bool(content)
        return self._thoughts.feed(self._text.feed(content))

    def _text_of(self, content: Any) -> str:
        """Return the text of content: a text, or parts of which some are no text for users."""
        if isinstance(content, str | None):
            return content or ""
        if isinstance(content, list):
            return "".join(map(self._text_of, content))
        if not isinstance(content, dict):
            raise TypeError("content is neither text nor parts")
        kind = str(content.get("type", "text"))
        if kind == "refusal":
            self._refusal += content.get("refusal") or ""
        if kind not in {"text", "output_text"} or content.get("thought"):
            return ""
        text = content.get("text")
        return self._text_of(text.get("value") if isinstance(text, dict) else text)


def _documents(data: str) -> Iterator[str]:
    """Yield the JSON documents of an event: one, over any number of lines, or one in each line."""
    if "\n" in data:
        try:
            lenient_json.loads(data)
        except ValueError:
            yield from filter(None, map(str.strip, data.split("\n")))
            return
    if data.strip():
        yield data.strip()


def _raise_error(chunk: Any, document: str, *, is_error: bool = False) -> None:
    """Raise `PeerError` for an error in place of a chunk."""
    if not isinstance(chunk, dict):
        raise TypeError("a chunk is no object")
    error = chunk.get("error")
    if not error and not is_error and chunk.get("object") != "error":
        return
    places = (error if isinstance(error, dict) else {}, chunk)
    codes = [str(each.get(name)) for each in places for name in ("code", "status")]
    raise PeerError(next(map(int, filter(_is_status, codes)), 0), document)


def _is_status(code: str) -> bool:
    return bool(re.fullmatch("[45][0-9][0-9]", code))


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value <= _MAX_TOKENS else 0
