"""The UI message stream format of AI SDK 5 and later: JSON as server-sent events.

Consecutive text events form one part. The first text event opens the part, and the next event of
another type closes it. All parts have the same id, because only one is open at a time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from jobs.kit import strict_json
from jobs.kit.output.events import OutputEvent
from jobs.kit.output.wire import StreamPosition, WireFormat

_DONE: Final = "[DONE]"
_TEXT: Final = "text"

type Chunk = Mapping[str, Any]


def _tool_chunk(event: OutputEvent, state: str, **more: Any) -> Chunk:
    return {"type": f"tool-{state}", "toolCallId": event["id"], **more}


def _start(event: OutputEvent) -> Chunk:
    about = {"messageMetadata": event["metadata"]} if "metadata" in event else {}
    return {"type": "start", "messageId": event["id"], **about}


def _finish(event: OutputEvent) -> Chunk:
    """Uses metadata only: the other fields differ between versions 5 and 6."""
    usage = {"inputTokens": event["in"], "outputTokens": event["out"]}
    metadata = {"finishReason": event["reason"], "usage": usage}
    return {"type": "finish", "messageMetadata": metadata}


_CHUNKS: Final[Mapping[str, Callable[[OutputEvent], Chunk]]] = {
    "start": _start,
    "step-start": lambda it: {"type": "start-step"},
    "text": lambda it: {"type": "text-delta", "id": _TEXT, "delta": it["text"]},
    "tool-call": lambda it: _tool_chunk(
        it, "input-available", toolName=it["name"], input=it["args"]
    ),
    "tool-result": lambda it: _tool_chunk(it, "output-available", output=it["result"]),
    "tool-error": lambda it: _tool_chunk(it, "output-error", errorText=it["error"]),
    "data": lambda it: {"type": f"data-{it['name']}", "data": it["data"]},
    "error": lambda it: {"type": "error", "errorText": it["error"]},
    "step-finish": lambda it: {"type": "finish-step"},
    "finish": _finish,
}


def _chunks(event: OutputEvent, before: OutputEvent | None) -> Iterator[Chunk]:
    was_text = before is not None and before["t"] == "text"
    is_text = event["t"] == "text"
    if is_text and not was_text:
        yield {"type": "text-start", "id": _TEXT}
    if was_text and not is_text:
        yield {"type": "text-end", "id": _TEXT}
    yield _CHUNKS[event["t"]](event)


def _to_pieces(event: OutputEvent, before: OutputEvent | None) -> Sequence[str]:
    pieces = [strict_json.dumps(chunk) for chunk in _chunks(event, before)]
    return [*pieces, _DONE] if event["t"] == "finish" else pieces


def _to_frame(piece: str, position: StreamPosition) -> bytes:
    return f"id: {position}\ndata: {piece}\n\n".encode()


V5: Final = WireFormat(
    headers={"Content-Type": "text/event-stream", "X-Vercel-AI-UI-Message-Stream": "v1"},
    heartbeat=b": ping\n\n",
    to_pieces=_to_pieces,
    to_frame=_to_frame,
)
