"""The sessions API: what its endpoints take and answer."""

from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from pydantic import Field

from jobs.core.errors import (
    AgentNotFoundError,
    IdempotencyConflictError,
    NotForSaleError,
    SessionExpiredError,
    SessionNotFoundError,
    StaleSessionError,
)
from jobs.kit.http import BadRequestError, TooLargeError
from jobs.kit.types import Error, Millis, Uuid
from jobs.sessions.api import responses as sessions
from jobs.sessions.api import types
from jobs.sessions.session import LONGEST_SESSION_MINUTES
from scripts.openapi.model import Api, Form, Operation
from scripts.openapi.shared import API_KEY, IDEMPOTENCY_KEY, RETRY_AFTER

_Minutes = Annotated[int, Field(ge=5, le=1440)]
_Moment = Annotated[Millis, Field(le=9_999_999_999_999_999)]
_Metadata = Annotated[
    dict[str, Any], Field(description="Kept as it is; up to 10,000 units as JSON")
]


class NewTimeouts(TypedDict, total=False):
    """What is not named stays as it is."""

    timeoutMinutes: Annotated[_Minutes, Field(description="Without use, until it expires")]
    autoRenew: Annotated[bool, Field(description="Whether use lets the time begin anew")]
    maxDurationMinutes: Annotated[
        int, Field(ge=5, le=LONGEST_SESSION_MINUTES, description="In all, however much it is used")
    ]
    warningThresholdMinutes: Annotated[
        int, Field(ge=1, le=1440, description="Before the end, from when on isNearExpiration")
    ]


class NewSession(TypedDict):
    """Fields that are not named here are ignored."""

    agentId: Annotated[Uuid, Field(description="Who is talked to")]
    userId: Annotated[Uuid, Field(description="Who talks, in the caller's own books")]
    metadata: NotRequired[_Metadata]
    timeoutConfig: NotRequired[NewTimeouts]


class Attachment(TypedDict):
    """Whatever else is in it is kept."""

    url: Annotated[str, Field(min_length=1)]


class NewMessage(TypedDict):
    """Fields that are not named here are ignored."""

    content: Annotated[
        str, Field(min_length=1, max_length=4000, description="Counted in UTF-16 code units")
    ]
    transport: NotRequired[
        Annotated[
            Literal["websocket", "http", "sse", "sync", "stream"],
            Field(
                description="How to be answered: later (websocket, the default; the answer is then"
                " among the session's messages), with this answer (http or sync), or as a stream"
                " (sse or stream)"
            ),
        ]
    ]
    attachments: NotRequired[
        Annotated[list[Attachment], Field(description="Up to 10,000 units as JSON")]
    ]
    metadata: NotRequired[_Metadata]


_KEY: Final[dict[str, Any]] = {
    "security": ["apiKey"],
    "error": Error,
    "refuse": sessions.refuse,
}
_OF_ONE: Final = (SessionNotFoundError(), SessionExpiredError())
_ROOT: Final = "/api/messaging/sessions"
_ONE: Final = f"{_ROOT}/{{sessionId}}"
_STREAM: Final = Form(
    forms={
        "text/event-stream": {
            "type": "object",
            "description": "With transport sse: the message, the pieces of its answer, and that"
            " this is done; or error where there is no answer",
            "properties": {
                "event": {"enum": ["user_message", "chunk", "done", "error"]},
                "data": {"type": "string", "description": "JSON"},
            },
            "required": ["event", "data"],
        }
    },
    examples={
        "text/event-stream": {
            "event": "chunk",
            "data": '{"messageId":"…","chunk":"Good evening","index":0}',
        }
    },
)

SESSIONS: Final = Api(
    name="sessions",
    title="Sessions with agents",
    version="1",
    description="Conversations with an agent, which is told what was said before."
    " Wire-compatible with the ElizaOS Sessions API.",
    tags={"Sessions": "How long a conversation lasts", "Messages": "What is said in it"},
    security=API_KEY,
    parameters={
        "sessionId": Annotated[str, Field(description="As its create has answered; a UUID")]
    },
    headers=RETRY_AFTER,
    operations=[
        Operation(
            name="create_session",
            method="POST",
            path=_ROOT,
            summary="Begin a conversation of a user with an agent",
            tag="Sessions",
            body=NewSession,
            answers={201: types.Created},
            refusals=[
                BadRequestError("userId is required and must be a string"),
                AgentNotFoundError("99999999-9999-4999-8999-999999999999"),
                TooLargeError(),
            ],
            **_KEY,
        ),
        Operation(
            name="list_sessions",
            method="GET",
            path=_ROOT,
            summary="List the sessions that have not expired, newest first",
            tag="Sessions",
            answers={200: types.Sessions},
            **_KEY,
        ),
        Operation(
            name="get_health",
            method="GET",
            path=f"{_ROOT}/health",
            summary="Count the sessions",
            tag="Sessions",
            answers={200: types.Health},
            **_KEY,
        ),
        Operation(
            name="get_session",
            method="GET",
            path=_ONE,
            summary="Read a session",
            tag="Sessions",
            answers={200: types.Session},
            refusals=_OF_ONE,
            **_KEY,
        ),
        Operation(
            name="delete_session",
            method="DELETE",
            path=_ONE,
            summary="Delete a session with its messages; what is not answered yet is cancelled",
            tag="Sessions",
            answers={200: types.Deleted},
            refusals=[SessionNotFoundError()],
            **_KEY,
        ),
        Operation(
            name="renew_session",
            method="POST",
            path=f"{_ONE}/renew",
            summary="Let a session's time begin anew",
            tag="Sessions",
            answers={200: types.Session},
            refusals=[*_OF_ONE, StaleSessionError()],
            **_KEY,
        ),
        Operation(
            name="send_heartbeat",
            method="POST",
            path=f"{_ONE}/heartbeat",
            summary="Say that a session is in use, which renews it unless autoRenew is false",
            tag="Sessions",
            answers={200: types.Session},
            refusals=[*_OF_ONE, StaleSessionError()],
            **_KEY,
        ),
        Operation(
            name="update_timeout",
            method="PATCH",
            path=f"{_ONE}/timeout",
            summary="Give a session other times, which run from now on",
            tag="Sessions",
            body=NewTimeouts,
            answers={200: types.Session},
            refusals=[
                *_OF_ONE,
                BadRequestError("timeoutMinutes must be a whole number between 5 and 1440 minutes"),
                StaleSessionError(),
                TooLargeError(),
            ],
            **_KEY,
        ),
        Operation(
            name="send_message",
            method="POST",
            path=f"{_ONE}/messages",
            summary="Say something; the answer comes later, with this one, or as a stream",
            tag="Messages",
            body=NewMessage,
            headers=IDEMPOTENCY_KEY,
            answers={201: types.Sent, 200: _STREAM},
            refusals=[
                *_OF_ONE,
                BadRequestError("content cannot be empty"),
                NotForSaleError(),
                IdempotencyConflictError(),
                StaleSessionError(),
                TooLargeError(),
            ],
            **_KEY,
        ),
        Operation(
            name="list_messages",
            method="GET",
            path=f"{_ONE}/messages",
            summary="List what was said, newest first",
            tag="Messages",
            query={
                "limit": Annotated[
                    int,
                    Field(
                        ge=1,
                        le=100,
                        description="More is taken for 100, and what is no number for 50",
                        json_schema_extra={"default": 50},
                    ),
                ],
                "before": Annotated[_Moment, Field(description="Only older ones")],
                "after": Annotated[
                    _Moment, Field(description="Only newer ones; alone, the oldest of those")
                ],
            },
            answers={200: types.Messages},
            refusals=[*_OF_ONE, BadRequestError("before must be a timestamp in milliseconds")],
            **_KEY,
        ),
    ],
)
