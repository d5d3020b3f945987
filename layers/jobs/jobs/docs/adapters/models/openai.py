"""OpenAI-compatible endpoints with tools, over streaming chat completions.

A project's settings: `baseUrl` (including `/v1`), `apiKeySecret?` (a secret's name), `parameters?`
(sent unchanged), `omit?` (fields that the endpoint refuses). Its models: the endpoint's names for
`sonnet` and `opus`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from jobs.docs.adapters.models.calls import sent_arguments, sent_name, to_call
from jobs.docs.ports import Message, Tool, ToolCall, Turn
from jobs.kit import strict_json
from jobs.kit.clock import Millis
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.llm.chat import ChatEndpoint, ChatRequest
from jobs.kit.outbound.sse import EventStream


class OpenAiTools:
    def __init__(
        self, stream: EventStream, settings: Mapping[str, Any], model: str, key: str | None
    ) -> None:
        self._endpoint = ChatEndpoint(stream, settings, key)
        self._model = model

    def turn(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        *,
        emit_text: Callable[[str], None],
        deadline: Millis,
    ) -> Turn:
        """Return the model's next turn. Stream its text to `emit_text`. Raises `UpstreamError`."""
        answer = self._endpoint.complete(
            ChatRequest(
                fields={
                    "model": self._model,
                    "messages": [*_to_messages(messages)],
                    "tools": [_to_tool(each) for each in tools],
                    "stream": True,
                },
                optional={"stream_options": {"include_usage": True}},
                headers={"Accept": "text/event-stream"},
                tools={each.name for each in tools},
            ),
            emit_text=emit_text,
            deadline=deadline,
        )
        if answer.refusal:
            raise UpstreamError(answer.refusal, FailureClass.REFUSED, detail="the model's refusal")
        return Turn(
            text=answer.text,
            calls=[to_call(each) for each in answer.calls],
            reason=answer.reason,
            reasoning=answer.reasoning,
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
        )


def _to_messages(messages: Sequence[Message]) -> Iterator[Mapping[str, Any]]:
    """Convert messages. Join those of a user: templates of some models require alternating roles.

    https://huggingface.co/docs/transformers/chat_templating
    """
    for role, group in groupby(messages, itemgetter("role")):
        if role == "user":
            yield {"role": role, "content": "\n\n".join(each["content"] for each in group)}
        else:
            yield from map(_to_message, group)


def _to_message(message: Message) -> Mapping[str, Any]:
    match message:
        case {"role": "tool", "id": call, "content": content}:
            return {"role": "tool", "tool_call_id": call, "content": content}
        case {"role": "assistant", "content": content, "calls": [*calls]} if calls:
            # DeepSeek refuses a turn of a tool call without its reasoning.
            reasoning = message.get("reasoning")
            return {
                "role": "assistant",
                "content": content or None,
                **({"reasoning_content": reasoning} if reasoning else {}),
                "tool_calls": [_to_tool_call(each) for each in calls],
            }
        case _:
            return {"role": message["role"], "content": message["content"]}


def _to_tool_call(call: ToolCall) -> Mapping[str, Any]:
    arguments = strict_json.dumps(sent_arguments(call))
    sent = {
        "id": call.id,
        "type": "function",
        "function": {"name": sent_name(call), "arguments": arguments},
    }
    return sent | ({"extra_content": call.extra} if call.extra else {})


def _to_tool(tool: Tool) -> Mapping[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }
