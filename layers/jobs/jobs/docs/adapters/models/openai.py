"""OpenAI-compatible endpoints with tools, over streaming chat completions.

A project's settings: `baseUrl` (including `/v1`), `apiKeySecret?` (a secret's name), `parameters?`
(sent unchanged). Its models: the endpoint's names for `sonnet` and `opus`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.docs.ports import Message, Tool, ToolCall, Turn
from jobs.kit import strict_json
from jobs.kit.clock import Millis
from jobs.kit.errors import UpstreamError
from jobs.kit.outbound.sse import EventStream, TransientError

_REASONS: Final = {
    "stop": "stop", "length": "length", "tool_calls": "tool-calls", "function_call": "tool-calls",
}  # fmt: skip
_MAX_CALLS: Final = 128
INVALID_ANSWER: Final = "The agent's answer is malformed"


class OpenAiTools:
    def __init__(
        self, stream: EventStream, settings: Mapping[str, Any], model: str, key: str | None
    ) -> None:
        self._stream = stream
        self._settings = settings
        self._model = model
        self._key = key

    def turn(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        *,
        emit_text: Callable[[str], None],
        deadline: Millis,
    ) -> Turn:
        """Return the model's next turn. Stream its text to `emit_text`. Raises `UpstreamError`."""
        streamed = False

        def attempt() -> Turn:
            nonlocal streamed
            answer = _Answer()
            for data in self._post(messages, tools, deadline):
                if data == "[DONE]":
                    break
                if text := answer.take(data):
                    streamed = True
                    emit_text(text)
            return answer.turn()

        return self._stream.retry(attempt, repeatable=lambda: not streamed, deadline=deadline)

    def _post(
        self, messages: Sequence[Message], tools: Sequence[Tool], deadline: Millis
    ) -> Iterator[str]:
        return self._stream.post(
            f"{self._settings['baseUrl'].rstrip('/')}/chat/completions",
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            body={
                **self._settings.get("parameters", {}),
                "model": self._model,
                "messages": [_to_message(each) for each in messages],
                "tools": [_to_tool(each) for each in tools],
                "stream": True,
                "stream_options": {"include_usage": True},
            },
            deadline=deadline,
        )


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class _Answer:
    """Assembles a turn from chunks."""

    text: str = ""
    calls: dict[int, _Call] = field(default_factory=dict)
    finish: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)

    def take(self, data: str) -> str:
        """Add a chunk and return its text."""
        try:
            chunk = strict_json.loads(data)
            if chunk.get("error"):
                raise TransientError("The agent's model has failed")
            self.usage = chunk.get("usage") or self.usage
            added = ""
            for choice in (chunk.get("choices") or [])[:1]:
                self.finish = choice.get("finish_reason") or self.finish
                added += self._add(choice.get("delta") or {})
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise UpstreamError(INVALID_ANSWER) from error
        return added

    def _add(self, delta: Mapping[str, Any]) -> str:
        for part in delta.get("tool_calls") or []:
            # Some servers send whole calls without an index.
            index = part.get("index", len(self.calls))
            call = self.calls.setdefault(index, _Call())
            if len(self.calls) > _MAX_CALLS:
                raise UpstreamError(INVALID_ANSWER)
            call.id = part.get("id") or call.id
            function = part.get("function") or {}
            call.name = function.get("name") or call.name
            call.arguments += function.get("arguments") or ""
        text = delta.get("content") or ""
        self.text += text
        return str(text)

    def turn(self) -> Turn:
        if self.finish is None:
            raise TransientError("The agent's answer was cut off")
        calls = [
            ToolCall(
                id=call.id or f"call-{index}", name=call.name, args=parse_arguments(call.arguments)
            )
            for index, call in sorted(self.calls.items())
        ]
        finish = "tool_calls" if calls and self.finish == "stop" else self.finish
        return Turn(
            text=self.text,
            calls=calls,
            reason=_REASONS.get(finish, "other"),
            tokens_in=_count(self.usage, "prompt_tokens"),
            tokens_out=_count(self.usage, "completion_tokens"),
        )


def parse_arguments(text: str) -> Mapping[str, Any] | None:
    """Parse the arguments of a tool call. Return None if they are not a JSON object."""
    try:
        value = strict_json.loads(text or "{}")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) else 0


def _to_message(message: Message) -> Mapping[str, Any]:
    match message:
        case {"role": "tool", "id": call, "content": content}:
            return {"role": "tool", "tool_call_id": call, "content": content}
        case {"role": "assistant", "content": content, "calls": [*calls]} if calls:
            return {
                "role": "assistant",
                "content": content or None,
                "tool_calls": [
                    {
                        "id": call.id,
                        "type": "function",
                        "function": {
                            "name": call.name,
                            "arguments": strict_json.dumps(call.args or {}),
                        },
                    }
                    for call in calls
                ],
            }
        case _:
            return {"role": message["role"], "content": message["content"]}


def _to_tool(tool: Tool) -> Mapping[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }
