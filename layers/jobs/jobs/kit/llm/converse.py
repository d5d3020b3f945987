"""An answer of Amazon Bedrock's ConverseStream API, read event by event.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.lenient_json import TextJoiner
from jobs.kit.llm.bedrock import UNAVAILABLE, guardrail_message
from jobs.kit.llm.completion import Completion, to_reason
from jobs.kit.llm.thoughts import ThoughtFilter, without_lone_closing
from jobs.kit.llm.tool_calls import CalledTool
from jobs.kit.outbound.sse import CUT_OFF, TOO_LARGE

CONVERSE_ERRORS: Final = (BotoCoreError, ClientError, HTTPError, ParserError)
"""What the SDK raises while it opens and reads a stream: `bedrock_failure` explains them."""
_MAX_ANSWER_LENGTH: Final = 2 * 2**20


def read_converse(
    events: Iterable[Mapping[str, Any]],
    *,
    emit_text: Callable[[str], None],
    deadline: Millis,
    clock: Clock,
) -> Completion:
    """Return the answer. Stream its text to `emit_text`.

    Raises `UpstreamError`, also for an answer without an end, and `CONVERSE_ERRORS`.
    """
    reader = ConverseReader()
    for event in events:
        if clock() >= deadline:
            raise UpstreamError(UNAVAILABLE, FailureClass.TIMEOUT, detail="too slow")
        if text := reader.take(event):
            emit_text(text)
    if text := reader.end():
        emit_text(text)
    return reader.completion()


class ConverseReader:
    """Assembles an answer. Blocks have an index; only tool blocks have a start event."""

    def __init__(self) -> None:
        self._joiner, self._thoughts = TextJoiner(), ThoughtFilter()
        self._text = self._stop_reason = ""
        self._calls: dict[int, tuple[str, str]] = {}
        self._inputs: dict[int, str] = {}
        self._usage: Mapping[str, int] = {}
        self._size = 0

    def take(self, event: Mapping[str, Any]) -> str:
        """Add an event and return its text for users."""
        match event:
            case {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": tool}}}:
                self._calls[index] = (tool["toolUseId"], tool["name"])
            case {"contentBlockDelta": {"delta": {"text": text}}}:
                self._grow(text)
                return self._show(self._thoughts.feed(self._joiner.feed(text)))
            case {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"toolUse": tool}}}:
                self._grow(tool["input"])
                self._inputs[index] = self._inputs.get(index, "") + tool["input"]
            case {"messageStop": {"stopReason": reason}}:
                self._stop_reason = reason
            case {"metadata": {"usage": usage}}:
                self._usage = usage
        return ""

    def end(self) -> str:
        """Return the rest of the text, which might have been the beginning of a thought."""
        return self._show(self._thoughts.feed(self._joiner.end()) + self._thoughts.end())

    def completion(self) -> Completion:
        """Return the answer. Raises `UpstreamError` if it has no end, or a guardrail ended it."""
        if not self._stop_reason:
            raise UpstreamError(CUT_OFF, FailureClass.UNAVAILABLE)
        if blocked := guardrail_message(self._stop_reason, self._text):
            raise UpstreamError(blocked, FailureClass.REFUSED, detail=self._stop_reason)
        calls = [
            CalledTool(id=id_, name=name, arguments=self._inputs.get(index, ""))
            for index, (id_, name) in sorted(self._calls.items())
        ]
        reason = to_reason(self._stop_reason)
        if reason == "tool-calls" and not calls:
            reason = "other"
        return Completion(
            text=without_lone_closing(self._text),
            calls=calls,
            reason=reason,
            tokens_in=self._usage.get("inputTokens", 0),
            tokens_out=self._usage.get("outputTokens", 0),
        )

    def _show(self, text: str) -> str:
        self._text += text
        return text

    def _grow(self, text: str) -> None:
        self._size += len(text)
        if self._size > _MAX_ANSWER_LENGTH:
            raise UpstreamError(TOO_LARGE, FailureClass.QUOTA)
