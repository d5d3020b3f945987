"""Amazon Bedrock's models with tools, over the ConverseStream API.

A project's settings: `inference?` (maxTokens, temperature, topP, stopSequences). Its models: model
ids or inference profiles for `sonnet` and `opus`. Throttled calls are repeated for two minutes: a
new attempt would pay for the earlier turns again. Nothing is repeated after the first event.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from jobs.docs.adapters.models.calls import sent_arguments, sent_name, to_call
from jobs.docs.ports import Message, Tool, Turn
from jobs.kit.aws.client import failure_of
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, UnavailableError, UpstreamError
from jobs.kit.lenient_json import TextJoiner
from jobs.kit.llm.bedrock import UNAVAILABLE, bedrock_failure, guardrail_message
from jobs.kit.llm.completion import to_reason
from jobs.kit.llm.thoughts import ThoughtFilter, without_lone_closing
from jobs.kit.llm.tool_calls import CalledTool
from jobs.kit.outbound.sse import CUT_OFF, TOO_LARGE

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient

_MAX_ANSWER_LENGTH: Final = 2 * 2**20
_RETRY_DELAYS_S: Final = (5, 10, 20, 40, 45)


class BedrockTools:
    def __init__(
        self,
        client: "BedrockRuntimeClient",
        settings: Mapping[str, Any],
        model: str,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._settings = settings
        self._model = model
        self._clock = clock

    def turn(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        *,
        emit_text: Callable[[str], None],
        deadline: Millis,
    ) -> Turn:
        """Return the model's next turn. Stream its text to `emit_text`. Raises `UpstreamError`."""
        answer = _Answer()
        try:
            stream = self._open(self._to_request(messages, tools), deadline)
            with closing(stream):
                for event in stream:
                    if self._clock() >= deadline:
                        raise UpstreamError(UNAVAILABLE, FailureClass.TIMEOUT, detail="too slow")
                    if text := answer.take(event):
                        emit_text(text)
        except (BotoCoreError, ClientError, HTTPError, ParserError) as error:
            raise bedrock_failure(error) from error
        if text := answer.end():
            emit_text(text)
        return answer.turn()

    def _open(self, request: Mapping[str, Any], deadline: Millis) -> Any:
        """Return a stream of events. Retry while Bedrock throttles, but not after the deadline."""
        for delay in _RETRY_DELAYS_S:
            try:
                return self._client.converse_stream(**request)["stream"]
            except ClientError as error:
                passing = isinstance(failure_of(error), UnavailableError)
                if not passing or self._clock() + delay * 1000 >= deadline:
                    raise
                self._sleep(delay)
        return self._client.converse_stream(**request)["stream"]

    def _to_request(self, messages: Sequence[Message], tools: Sequence[Tool]) -> dict[str, Any]:
        request: dict[str, Any] = {
            "modelId": self._model,
            "messages": _to_messages(messages),
            "toolConfig": {"tools": [_to_tool(each) for each in tools]},
        }
        if system := [{"text": m["content"]} for m in messages if m["role"] == "system"]:
            request["system"] = system
        if inference := self._settings.get("inference"):
            request["inferenceConfig"] = inference
        return request


class _Answer:
    """Assembles a turn from events. Blocks have an index; only tool blocks have a start event."""

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

    def turn(self) -> Turn:
        """Return the turn. Raises `UpstreamError` if it has no end, or a guardrail ended it."""
        if not self._stop_reason:
            raise UpstreamError(CUT_OFF, FailureClass.UNAVAILABLE)
        if blocked := guardrail_message(self._stop_reason, self._text):
            raise UpstreamError(blocked, FailureClass.REFUSED, detail=self._stop_reason)
        calls = [
            to_call(CalledTool(id=id_, name=name, arguments=self._inputs.get(index, "")))
            for index, (id_, name) in sorted(self._calls.items())
        ]
        reason = to_reason(self._stop_reason)
        if reason == "tool-calls" and not calls:
            reason = "other"
        return Turn(
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


def _to_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Convert messages. The API requires alternating roles, with the user first and last."""
    joined: list[dict[str, Any]] = []
    for each in messages:
        if each["role"] == "system" or not (blocks := _to_blocks(each)):
            continue
        role = "assistant" if each["role"] == "assistant" else "user"
        if not joined and role == "assistant":
            joined.append({"role": "user", "content": [{"text": "…"}]})
        if joined and joined[-1]["role"] == role:
            joined[-1]["content"] += blocks
        else:
            joined.append({"role": role, "content": blocks})
    if joined and joined[-1]["role"] == "assistant":
        joined.append({"role": "user", "content": [{"text": "Go on."}]})
    return joined


def _to_blocks(message: Message) -> list[dict[str, Any]]:
    if message["role"] == "tool":
        result = {"toolUseId": message["id"], "content": [{"text": message["content"]}]}
        return [{"toolResult": result}]
    content = [{"text": message["content"]}] if message["content"].strip() else []
    calls = [
        {
            "toolUse": {
                "toolUseId": call.id,
                "name": sent_name(call),
                "input": dict(sent_arguments(call)),
            }
        }
        for call in message.get("calls", ())
    ]
    return [*content, *calls]


def _to_tool(tool: Tool) -> dict[str, Any]:
    schema = {"json": dict(tool.parameters)}
    return {
        "toolSpec": {
            "name": tool.name, "description": tool.description, "inputSchema": schema,
        }
    }  # fmt: skip
