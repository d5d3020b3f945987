"""The sessions API: what its endpoints take and answer."""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.core.errors import (
    AgentNotFoundError,
    IdempotencyConflictError,
    NotForSaleError,
    SessionExpiredError,
    SessionNotFoundError,
    StaleSessionError,
)
from jobs.kit.http import TooLargeError
from jobs.kit.types import Error, Millis
from jobs.messaging.api.responses import DEFAULT_LIMIT
from jobs.sessions.api import responses as sessions
from jobs.sessions.api import types
from jobs.sessions.api.requests import (
    CreateSessionBody,
    SendMessageBody,
    TimeoutConfig,
    parse_create_session,
    parse_send_message,
    parse_timeouts,
)
from scripts.openapi.model import Api, Form, Operation, asking, raised
from scripts.openapi.shared import API_KEY, IDEMPOTENCY_KEY, RETRY_AFTER

_Moment = Annotated[Millis, Field(le=9_999_999_999_999_999)]
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
            body=CreateSessionBody,
            answers={201: types.Created},
            refusals=[
                raised(parse_create_session, {"agentId": "11111111-1111-4111-8111-111111111111"}),
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
            body=TimeoutConfig,
            answers={200: types.Session},
            refusals=[
                *_OF_ONE,
                raised(parse_timeouts, {"timeoutMinutes": 1}),
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
            body=SendMessageBody,
            headers=IDEMPOTENCY_KEY,
            answers={201: types.Sent, 200: _STREAM},
            refusals=[
                *_OF_ONE,
                raised(parse_send_message, {"content": ""}),
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
                        le=sessions.MAX_LIMIT,
                        description=f"More is taken for {sessions.MAX_LIMIT}, and what is no"
                        f" number for {DEFAULT_LIMIT}",
                        json_schema_extra={"default": DEFAULT_LIMIT},
                    ),
                ],
                "before": Annotated[_Moment, Field(description="Only older ones")],
                "after": Annotated[
                    _Moment, Field(description="Only newer ones; alone, the oldest of those")
                ],
            },
            answers={200: types.Messages},
            refusals=[*_OF_ONE, raised(sessions.window_in, asking(before="now"))],
            **_KEY,
        ),
    ],
)
