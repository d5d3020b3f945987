"""Amazon Bedrock's models with tools, over the ConverseStream API.

A project's settings: `inference?` (maxTokens, temperature, topP, stopSequences). Its models: model
ids or inference profiles for `sonnet` and `opus`. Throttled calls are repeated for two minutes: a
new attempt would pay for the earlier turns again. Nothing is repeated after the first event.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from jobs.docs.adapters.models.openai import parse_arguments
from jobs.docs.ports import Message, Tool, ToolCall, Turn
from jobs.kit.aws.client import failure_of
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import RefusedError, UnavailableError, UpstreamError

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient

_REASONS: Final = {
    "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length",
    "tool_use": "tool-calls",
}  # fmt: skip
_MAX_ANSWER_LENGTH: Final = 2 * 2**20
_UNAVAILABLE: Final = "The agent's model is not available"
_REFUSED: Final = "The agent's model refused the request"
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
                        raise UpstreamError(_UNAVAILABLE)
                    if text := answer.take(event):
                        emit_text(text)
        except ClientError as error:
            refused = isinstance(failure_of(error), RefusedError)
            raise UpstreamError(_REFUSED if refused else _UNAVAILABLE) from error
        except (BotoCoreError, HTTPError, ParserError) as error:
            raise UpstreamError(_UNAVAILABLE) from error
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


@dataclass
class _Answer:
    """Assembles a turn from events. Blocks have an index; only tool blocks have a start event."""

    texts: dict[int, str] = field(default_factory=dict)
    calls: dict[int, tuple[str, str]] = field(default_factory=dict)
    inputs: dict[int, str] = field(default_factory=dict)
    finish: str | None = None
    usage: Mapping[str, int] = field(default_factory=dict)
    size: int = 0

    def take(self, event: Mapping[str, Any]) -> str:
        """Add an event and return its text."""
        match event:
            case {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": tool}}}:
                self.calls[index] = (tool["toolUseId"], tool["name"])
            case {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"text": text}}}:
                self._grow(text)
                self.texts[index] = self.texts.get(index, "") + text
                return str(text)
            case {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"toolUse": tool}}}:
                self._grow(tool["input"])
                self.inputs[index] = self.inputs.get(index, "") + tool["input"]
            case {"messageStop": {"stopReason": reason}}:
                self.finish = reason
            case {"metadata": {"usage": usage}}:
                self.usage = usage
        return ""

    def turn(self) -> Turn:
        if self.finish is None:
            raise UpstreamError("The agent's answer was cut off")
        calls = [
            ToolCall(id=id_, name=name, args=parse_arguments(self.inputs.get(index, "")))
            for index, (id_, name) in sorted(self.calls.items())
        ]
        return Turn(
            text="".join(text for _, text in sorted(self.texts.items())),
            calls=calls,
            reason=_REASONS.get(self.finish, "other"),
            tokens_in=self.usage.get("inputTokens", 0),
            tokens_out=self.usage.get("outputTokens", 0),
        )

    def _grow(self, text: str) -> None:
        self.size += len(text)
        if self.size > _MAX_ANSWER_LENGTH:
            raise UpstreamError("The agent's answer is too large")


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
        {"toolUse": {"toolUseId": call.id, "name": call.name, "input": dict(call.args or {})}}
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
