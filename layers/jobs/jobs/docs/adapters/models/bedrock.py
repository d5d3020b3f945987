"""Amazon Bedrock's models with tools, over the ConverseStream API.

A project's settings: `inference?` (maxTokens, temperature, topP, stopSequences). Its models: model
ids or inference profiles for `sonnet` and `opus`. Throttled calls are repeated for two minutes: a
new attempt would pay for the earlier turns again. Nothing is repeated after the first event.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from jobs.docs.adapters.models.calls import sent_arguments, sent_name, to_call
from jobs.docs.ports import Message, Tool, Turn
from jobs.kit.aws.client import failure_of
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.kit.llm.bedrock import bedrock_failure
from jobs.kit.llm.converse import CONVERSE_ERRORS, read_converse

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient

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
        try:
            stream = self._open(self._to_request(messages, tools), deadline)
            with closing(stream):
                answer = read_converse(
                    stream, emit_text=emit_text, deadline=deadline, clock=self._clock
                )
        except CONVERSE_ERRORS as error:
            raise bedrock_failure(error) from error
        return Turn(
            text=answer.text,
            calls=[to_call(each) for each in answer.calls],
            reason=answer.reason,
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
        )

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
