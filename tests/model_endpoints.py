"""Endpoints of models, as those send: a list of models, answers, streams."""

import json
import re
from typing import Any

from tests.adapters.upstream import Answer, Handler, reply


def answer_as(model: str, text: str, *, models: Answer) -> Answer:
    """Return a handler that says `text`, streamed if that is asked for, and lists by `models`."""

    def respond(handler: Handler) -> None:
        request = handler.server.received[-1]
        if request.method == "GET":
            models(handler)
        elif request.body.get("stream"):
            reply(_stream(model, text), Content_Type="text/event-stream")(handler)
        else:
            message = {"role": "assistant", "content": text}
            reply(_body(model, message=message, finish_reason="stop"))(handler)

    return respond


def _stream(model: str, text: str) -> bytes:
    chunks = [
        *(_body(model, delta={"content": each}) for each in re.findall(r"\S+\s*", text)),
        _body(model, delta={}, finish_reason="stop"),
    ]
    events = [*map(json.dumps, chunks), "[DONE]"]
    return "".join(f"data: {each}\n\n" for each in events).encode()


def _body(model: str, **choice: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 12, "completion_tokens": 3}
    return {"model": model, "choices": [{"index": 0, **choice}], "usage": usage}
