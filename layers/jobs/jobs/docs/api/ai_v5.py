"""The AI SDK's UI message stream of version 5 and later: JSON as server-sent events.

Neighbouring texts are one part, which the first of them opens and the next other event closes.
Parts may share an id, as no two of them are open at once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from jobs.docs.api.ai_stream import Place, WireFormat
from jobs.docs.output import OutputEvent
from jobs.kit import strict_json

_DONE: Final = "[DONE]"
_TEXT: Final = "text"

type Chunk = Mapping[str, Any]


def _called(event: OutputEvent, how: str, **more: Any) -> Chunk:
    return {"type": f"tool-{how}", "toolCallId": event["id"], **more}


def _finish(event: OutputEvent) -> Chunk:
    """What it may say besides metadata differs between 5.0 and 6."""
    usage = {"inputTokens": event["in"], "outputTokens": event["out"]}
    metadata = {"finishReason": event["reason"], "usage": usage}
    return {"type": "finish", "messageMetadata": metadata}


_CHUNKS: Final[Mapping[str, Callable[[OutputEvent], Chunk]]] = {
    "start": lambda it: {"type": "start", "messageId": it["id"]},
    "step-start": lambda it: {"type": "start-step"},
    "text": lambda it: {"type": "text-delta", "id": _TEXT, "delta": it["text"]},
    "tool-call": lambda it: _called(it, "input-available", toolName=it["name"], input=it["args"]),
    "tool-result": lambda it: _called(it, "output-available", output=it["result"]),
    "tool-error": lambda it: _called(it, "output-error", errorText=it["error"]),
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


def _written(event: OutputEvent, before: OutputEvent | None) -> Sequence[str]:
    pieces = [strict_json.dumps(chunk) for chunk in _chunks(event, before)]
    return [*pieces, _DONE] if event["t"] == "finish" else pieces


def _framed(piece: str, place: Place) -> bytes:
    return f"id: {place}\ndata: {piece}\n\n".encode()


V5: Final = WireFormat(
    headers={"Content-Type": "text/event-stream", "X-Vercel-AI-UI-Message-Stream": "v1"},
    heartbeat=b": ping\n\n",
    written=_written,
    framed=_framed,
)
