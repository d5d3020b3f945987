"""The sessions API: what its endpoints take and answer."""

from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from pydantic import ConfigDict, Field, with_config

from jobs.dialects.sessions_request import CreateSessionBody, SendMessageBody, TimeoutConfig
from scripts.openapi import Api, Operation, Stream

_WHOLE: Final = ConfigDict(strict=True, extra="forbid")

Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
Millis = Annotated[int, Field(ge=0, description="Epoch milliseconds")]


@with_config(_WHOLE)
class Error(TypedDict):
    success: Literal[False]
    error: str
    code: str


@with_config(_WHOLE)
class Timeouts(TypedDict):
    timeoutMinutes: int
    autoRenew: bool
    maxDurationMinutes: int
    warningThresholdMinutes: int


@with_config(_WHOLE)
class Created(TypedDict):
    sessionId: str
    channelId: str
    agentId: str
    userId: str
    createdAt: Time
    metadata: dict[str, Any]
    expiresAt: Time
    timeoutConfig: Timeouts


@with_config(_WHOLE)
class Session(Created):
    lastActivity: Time
    renewalCount: int
    timeRemaining: Annotated[int, Field(description="Milliseconds")]
    isNearExpiration: bool


@with_config(_WHOLE)
class Sessions(TypedDict):
    sessions: list[Session]
    total: int


@with_config(_WHOLE)
class Health(TypedDict):
    status: Literal["healthy"]
    activeSessions: int
    expiringSoon: int
    timestamp: Time


@with_config(_WHOLE)
class Success(TypedDict):
    success: Literal[True]


@with_config(_WHOLE)
class Deleted(TypedDict):
    success: Literal[True]
    data: Success


@with_config(_WHOLE)
class UserMessage(TypedDict):
    id: str
    content: str
    authorId: str
    createdAt: Time
    metadata: dict[str, Any]


@with_config(_WHOLE)
class Message(UserMessage):
    isAgent: bool


@with_config(_WHOLE)
class Cursors(TypedDict):
    """What `before` is to be for older messages, and `after` for newer ones."""

    before: Millis
    after: Millis


@with_config(_WHOLE)
class Messages(TypedDict):
    messages: list[Message]
    hasMore: bool
    cursors: NotRequired[Cursors]


@with_config(_WHOLE)
class AgentResponse(TypedDict):
    text: str
    thought: NotRequired[Any]
    actions: NotRequired[Any]


@with_config(_WHOLE)
class SessionStatus(TypedDict):
    expiresAt: Time
    renewalCount: int
    wasRenewed: bool
    isNearExpiration: bool


@with_config(_WHOLE)
class MessageJob(TypedDict):
    """The job that the message is; GET /api/messaging/jobs/{jobId} tells more."""

    jobId: str
    status: Literal["pending", "processing", "completed", "failed", "timeout"]
    error: NotRequired[str]


@with_config(_WHOLE)
class Sent(TypedDict):
    userMessage: UserMessage
    agentResponse: NotRequired[AgentResponse]
    sessionStatus: SessionStatus
    job: MessageJob


_ALWAYS: Final = (401, 500, 503)
_OF_ONE: Final = (404, 410, *_ALWAYS)
_KEY: Final[dict[str, Any]] = {"security": "apiKey", "error": Error}
_ROOT: Final = "/api/messaging/sessions"
_ONE: Final = f"{_ROOT}/{{sessionId}}"
_STREAM: Final = Stream(
    forms={
        "text/event-stream": "With transport sse: the events user_message, chunk and done,"
        " or error where there is no answer",
    },
    headers={},
)

SESSIONS: Final = Api(
    title="Sessions with agents",
    version="1",
    security={"apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
    operations=[
        Operation(
            name="create_session",
            method="POST",
            path=_ROOT,
            summary="Begin a conversation of a user with an agent",
            body=CreateSessionBody,
            answers={201: Created},
            refusals=(400, 404, 413, *_ALWAYS),
            **_KEY,
        ),
        Operation(
            name="list_sessions",
            method="GET",
            path=_ROOT,
            summary="List the sessions that have not expired, newest first",
            answers={200: Sessions},
            refusals=_ALWAYS,
            **_KEY,
        ),
        Operation(
            name="get_health",
            method="GET",
            path=f"{_ROOT}/health",
            summary="Count the sessions",
            answers={200: Health},
            refusals=_ALWAYS,
            **_KEY,
        ),
        Operation(
            name="get_session",
            method="GET",
            path=_ONE,
            summary="Read a session",
            answers={200: Session},
            refusals=_OF_ONE,
            **_KEY,
        ),
        Operation(
            name="delete_session",
            method="DELETE",
            path=_ONE,
            summary="Delete a session with its messages; what is not answered yet is cancelled",
            answers={200: Deleted},
            refusals=(404, *_ALWAYS),
            **_KEY,
        ),
        Operation(
            name="renew_session",
            method="POST",
            path=f"{_ONE}/renew",
            summary="Let a session's time begin anew",
            answers={200: Session},
            refusals=(409, *_OF_ONE),
            **_KEY,
        ),
        Operation(
            name="send_heartbeat",
            method="POST",
            path=f"{_ONE}/heartbeat",
            summary="Say that a session is in use, which renews it unless autoRenew is false",
            answers={200: Session},
            refusals=(409, *_OF_ONE),
            **_KEY,
        ),
        Operation(
            name="update_timeout",
            method="PATCH",
            path=f"{_ONE}/timeout",
            summary="Give a session other times, which run from now on",
            body=TimeoutConfig,
            answers={200: Session},
            refusals=(400, 409, 413, *_OF_ONE),
            **_KEY,
        ),
        Operation(
            name="send_message",
            method="POST",
            path=f"{_ONE}/messages",
            summary="Say something; the answer comes later, with this one, or as a stream",
            body=SendMessageBody,
            headers={"Idempotency-Key": Annotated[str, Field(min_length=1, max_length=255)]},
            answers={201: Sent, 200: _STREAM},
            refusals=(400, 409, 413, *_OF_ONE),
            **_KEY,
        ),
        Operation(
            name="list_messages",
            method="GET",
            path=f"{_ONE}/messages",
            summary="List what was said, newest first",
            query={
                "limit": Annotated[int, Field(ge=1, le=100, json_schema_extra={"default": 50})],
                "before": Millis,
                "after": Millis,
            },
            answers={200: Messages},
            refusals=(400, *_OF_ONE),
            **_KEY,
        ),
    ],
)
