"""Parameters and headers that several APIs share."""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.core.rate_limit import Allowance, RateLimitedError
from jobs.kit.http import MAX_KEY_LENGTH
from scripts.openapi.model import NOON

JobId = Annotated[str, Field(description="The job's id, a UUID")]

IDEMPOTENCY_KEY: Final = {
    "Idempotency-Key": Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_KEY_LENGTH,
            description="Any printable text. For 24 hours, a repeated request with the same key"
            " and body returns the first request's result; with another body it is a 409",
        ),
    ]
}
RETRY_AFTER: Final = {
    "Retry-After": Annotated[int, Field(ge=0, description="Seconds to wait before a retry")]
}
RATE_LIMIT: Final = {
    "X-RateLimit-Limit": Annotated[
        int, Field(ge=1, description="Requests per window, for this kind of request")
    ],
    "X-RateLimit-Remaining": Annotated[
        int, Field(ge=0, description="Requests left in this window")
    ],
    "X-RateLimit-Reset": Annotated[
        int, Field(ge=0, description="Start of the next window, in seconds since the epoch")
    ],
}
RATE_HEADERS: Final = tuple(RATE_LIMIT)
RATE_LIMITED: Final = RateLimitedError(
    Allowance(limit=1000, remaining=0, resets_at=NOON + 30_000, granted=False)
)
API_KEY: Final[dict[str, Any]] = {
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "`sortie_…`, a tenant's key. It gives access to all of the tenant's jobs,"
        " and to no other tenant's",
    }
}

DATA_STREAM: Final = {
    "type": "string",
    "description": "The data stream of AI SDK 4: one line TYPE:JSON per event",
}
DATA_STREAM_EXAMPLE: Final = (
    'f:{"messageId":"…"}\n0:"Hello"\n'
    'd:{"finishReason":"stop","usage":{"promptTokens":0,"completionTokens":0}}\n'
)
UI_MESSAGE_STREAM: Final = {
    "type": "object",
    "description": "With Accept: text/event-stream, the UI message stream of AI SDK 5; to resume,"
    " send an event's id as Last-Event-ID",
    "properties": {
        "id": {"type": "string"},
        "data": {"type": "string", "description": "JSON; [DONE] in the last event"},
    },
    "required": ["data"],
}
UI_MESSAGE_STREAM_EXAMPLE: Final = {"id": "1.0", "data": '{"type":"start","messageId":"…"}'}
