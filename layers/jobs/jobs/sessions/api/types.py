"""Responses of the sessions API: types."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit.types import CLOSED, ErrorClass, Millis, Time


@with_config(CLOSED)
class Timeouts(TypedDict):
    timeoutMinutes: int
    autoRenew: bool
    maxDurationMinutes: int
    warningThresholdMinutes: int


@with_config(CLOSED)
class CreateSessionResponse(TypedDict):
    sessionId: str
    channelId: str
    agentId: str
    userId: str
    createdAt: Time
    metadata: Mapping[str, Any]
    expiresAt: Time
    timeoutConfig: Timeouts


@with_config(CLOSED)
class Session(CreateSessionResponse):
    lastActivity: Time
    renewalCount: int
    timeRemaining: Annotated[int, Field(description="Milliseconds")]
    isNearExpiration: bool


@with_config(CLOSED)
class ListSessionsResponse(TypedDict):
    sessions: list[Session]
    total: Annotated[int, Field(description="The number of sessions in this page")]
    nextCursor: NotRequired[Annotated[str, Field(description="For the next page, if any")]]


@with_config(CLOSED)
class HealthResponse(TypedDict):
    status: Literal["healthy"]
    activeSessions: Annotated[int, Field(description="Of the newest 1,000")]
    expiringSoon: int
    timestamp: Time


@with_config(CLOSED)
class Success(TypedDict):
    success: Literal[True]


@with_config(CLOSED)
class DeleteSessionResponse(TypedDict):
    success: Literal[True]
    data: Success


@with_config(CLOSED)
class UserMessage(TypedDict):
    id: str
    content: str
    authorId: str
    createdAt: Time
    metadata: Mapping[str, Any]


@with_config(CLOSED)
class Message(UserMessage):
    isAgent: bool


@with_config(CLOSED)
class Cursors(TypedDict):
    """Values of `before` for the next older page, and of `after` for the next newer one."""

    before: Millis
    after: Millis


@with_config(CLOSED)
class ListMessagesResponse(TypedDict):
    messages: list[Message]
    hasMore: bool
    cursors: NotRequired[Cursors]


@with_config(CLOSED)
class AgentResponse(TypedDict):
    text: str
    thought: NotRequired[Any]
    actions: NotRequired[Any]


@with_config(CLOSED)
class SessionStatus(TypedDict):
    expiresAt: Time
    renewalCount: int
    wasRenewed: bool
    isNearExpiration: bool


@with_config(CLOSED)
class MessageJob(TypedDict):
    """The message's job; GET /api/messaging/jobs/{jobId} returns all of it."""

    jobId: str
    status: Literal["pending", "processing", "completed", "failed", "timeout"]
    error: NotRequired[str]
    errorClass: NotRequired[ErrorClass]


@with_config(CLOSED)
class SendMessageResponse(TypedDict):
    userMessage: UserMessage
    agentResponse: NotRequired[AgentResponse]
    sessionStatus: SessionStatus
    job: MessageJob
