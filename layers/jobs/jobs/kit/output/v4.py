"""The data stream format of AI SDK 4: a line `TYPE:JSON` for each event."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from jobs.kit import strict_json
from jobs.kit.output.events import OutputEvent
from jobs.kit.output.wire import StreamPosition, WireFormat

type Line = tuple[str, Any]


def _finish(event: OutputEvent) -> dict[str, Any]:
    usage = {"promptTokens": event["in"], "completionTokens": event["out"]}
    return {"finishReason": event["reason"], "usage": usage}


def _result(event: OutputEvent, result: Any) -> dict[str, Any]:
    return {"toolCallId": event["id"], "result": result}


_LINES: Final[Mapping[str, Callable[[OutputEvent], Line]]] = {
    "step-start": lambda it: ("f", {"messageId": it["id"]}),
    "text": lambda it: ("0", it["text"]),
    "tool-call": lambda it: (
        "9",
        {"toolCallId": it["id"], "toolName": it["name"], "args": it["args"]},
    ),
    "tool-result": lambda it: ("a", _result(it, it["result"])),
    "tool-error": lambda it: ("a", _result(it, {"error": it["error"]})),
    "data": lambda it: ("2", [{"type": it["name"], "data": it["data"]}]),
    "error": lambda it: ("3", it["error"]),
    "step-finish": lambda it: ("e", _finish(it) | {"isContinued": False}),
    "finish": lambda it: ("d", _finish(it)),
}


def _to_pieces(event: OutputEvent, before: OutputEvent | None) -> Sequence[str]:
    if event["t"] == "start":  # each step-start has the message id
        return []
    kind, value = _LINES[event["t"]](event)
    return [f"{kind}:{strict_json.dumps(value)}\n"]


def _to_frame(line: str, position: StreamPosition) -> bytes:
    return line.encode()


V4: Final = WireFormat(
    headers={"Content-Type": "text/plain; charset=utf-8", "X-Vercel-AI-Data-Stream": "v1"},
    heartbeat=b"2:[]\n",
    to_pieces=_to_pieces,
    to_frame=_to_frame,
)
