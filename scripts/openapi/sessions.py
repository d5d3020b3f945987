"""The operations of the sessions API."""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.core.errors import BadCursorError, IdempotencyConflictError
from jobs.kit.http import TooLargeError
from jobs.kit.types import Error, Millis
from jobs.messaging.api.responses import DEFAULT_LIMIT
from jobs.messaging.errors import AgentNotFoundError, PaymentNotSupportedError
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
from jobs.sessions.errors import (
    SessionExpiredError,
    SessionFullError,
    SessionNotFoundError,
    StaleSessionError,
    TooManySessionsError,
    TooManyUnansweredError,
)
from scripts.openapi.model import Api, Operation, OtherMedia, capture_error, request_with
from scripts.openapi.shared import (
    API_KEY,
    IDEMPOTENCY_KEY,
    RATE_HEADERS,
    RATE_LIMIT,
    RATE_LIMITED,
    RETRY_AFTER,
)

_Moment = Annotated[Millis, Field(le=9_999_999_999_999_999)]
_KEY: Final[dict[str, Any]] = {
    "security": ["apiKey"],
    "error_type": Error,
    "error_response": sessions.handle_error,
}
_SESSION_ERRORS: Final = (SessionNotFoundError(), SessionExpiredError())
_ROOT: Final = "/api/messaging/sessions"
_ONE: Final = f"{_ROOT}/{{sessionId}}"
_STREAM: Final = OtherMedia(
    schemas={
        "text/event-stream": {
            "type": "object",
            "description": "With transport sse: user_message, then chunk for each piece of the"
            " answer, then done; or error if there is no answer. restarted: forget the chunks so"
            " far. The id of a chunk also resumes the stream of its job",
            "properties": {
                "id": {"type": "string"},
                "event": {
                    "type": "string",
                    "enum": ["user_message", "chunk", "restarted", "done", "error"],
                },
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
    description="Conversations: the agent receives the earlier messages of its session."
    " Wire-compatible with the ElizaOS Sessions API.",
    tags={"Sessions": "Conversations and their lifetime", "Messages": "Messages in a session"},
    security=API_KEY,
    parameters={"sessionId": Annotated[str, Field(description="The session's id, a UUID")]},
    headers={**RETRY_AFTER, **RATE_LIMIT},
    operations=[
        Operation(
            name="create_session",
            method="POST",
            path=_ROOT,
            summary="Create a session of a user with an agent",
            tag="Sessions",
            body=CreateSessionBody,
            responses={201: types.CreateSessionResponse},
            errors=[
                capture_error(
                    parse_create_session, {"agentId": "11111111-1111-4111-8111-111111111111"}
                ),
                AgentNotFoundError("99999999-9999-4999-8999-999999999999"),
                TooManySessionsError(RATE_LIMITED.allowance),
                TooLargeError(),
            ],
            response_headers={429: RATE_HEADERS},
            **_KEY,
        ),
        Operation(
            name="list_sessions",
            method="GET",
            path=_ROOT,
            summary="List the sessions that have not expired, newest first",
            tag="Sessions",
            query={
                "cursor": Annotated[str, Field(description="`nextCursor` of the previous page")]
            },
            responses={200: types.ListSessionsResponse},
            errors=[BadCursorError()],
            **_KEY,
        ),
        Operation(
            name="get_health",
            method="GET",
            path=f"{_ROOT}/health",
            summary="Get session counts",
            tag="Sessions",
            responses={200: types.HealthResponse},
            **_KEY,
        ),
        Operation(
            name="get_session",
            method="GET",
            path=_ONE,
            summary="Get a session",
            tag="Sessions",
            responses={200: types.Session},
            errors=_SESSION_ERRORS,
            **_KEY,
        ),
        Operation(
            name="delete_session",
            method="DELETE",
            path=_ONE,
            summary="Delete a session with its messages, and cancel pending ones",
            tag="Sessions",
            responses={200: types.DeleteSessionResponse},
            errors=[SessionNotFoundError()],
            **_KEY,
        ),
        Operation(
            name="renew_session",
            method="POST",
            path=f"{_ONE}/renew",
            summary="Renew a session: restart its timeout",
            tag="Sessions",
            responses={200: types.Session},
            errors=[*_SESSION_ERRORS, StaleSessionError()],
            **_KEY,
        ),
        Operation(
            name="send_heartbeat",
            method="POST",
            path=f"{_ONE}/heartbeat",
            summary="Keep a session alive: renews it unless autoRenew is false",
            tag="Sessions",
            responses={200: types.Session},
            errors=[*_SESSION_ERRORS, StaleSessionError()],
            **_KEY,
        ),
        Operation(
            name="update_timeout",
            method="PATCH",
            path=f"{_ONE}/timeout",
            summary="Change a session's timeouts, starting now",
            tag="Sessions",
            body=TimeoutConfig,
            responses={200: types.Session},
            errors=[
                *_SESSION_ERRORS,
                capture_error(parse_timeouts, {"timeoutMinutes": 1}),
                StaleSessionError(),
                TooLargeError(),
            ],
            **_KEY,
        ),
        Operation(
            name="send_message",
            method="POST",
            path=f"{_ONE}/messages",
            summary="Send a message; the answer comes later, in the response, or as a stream",
            tag="Messages",
            body=SendMessageBody,
            headers=IDEMPOTENCY_KEY,
            responses={201: types.SendMessageResponse, 200: _STREAM},
            response_headers=dict.fromkeys((200, 201, 404, 409, 410, 429), RATE_HEADERS),
            errors=[
                *_SESSION_ERRORS,
                capture_error(parse_send_message, {"content": ""}),
                PaymentNotSupportedError(),
                IdempotencyConflictError(),
                StaleSessionError(),
                RATE_LIMITED,
                TooManyUnansweredError(),
                SessionFullError(),
                TooLargeError(),
            ],
            **_KEY,
        ),
        Operation(
            name="list_messages",
            method="GET",
            path=f"{_ONE}/messages",
            summary="List messages, newest first",
            tag="Messages",
            query={
                "limit": Annotated[
                    int,
                    Field(
                        ge=1,
                        le=sessions.MAX_LIMIT,
                        description=f"Page size. A larger number counts as {sessions.MAX_LIMIT},"
                        f" and other text as {DEFAULT_LIMIT}",
                        json_schema_extra={"default": DEFAULT_LIMIT},
                    ),
                ],
                "before": Annotated[_Moment, Field(description="Only messages before this time")],
                "after": Annotated[
                    _Moment,
                    Field(
                        description="Only messages after it; without `before`, the oldest of them"
                    ),
                ],
            },
            responses={200: types.ListMessagesResponse},
            errors=[
                *_SESSION_ERRORS,
                capture_error(sessions.parse_window, request_with(before="now")),
            ],
            **_KEY,
        ),
    ],
)
