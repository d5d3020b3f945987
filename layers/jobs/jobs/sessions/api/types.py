"""The sessions API: what its endpoints answer."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit.types import WHOLE, Millis, Time


@with_config(WHOLE)
class Timeouts(TypedDict):
    timeoutMinutes: int
    autoRenew: bool
    maxDurationMinutes: int
    warningThresholdMinutes: int


@with_config(WHOLE)
class Created(TypedDict):
    sessionId: str
    channelId: str
    agentId: str
    userId: str
    createdAt: Time
    metadata: Mapping[str, Any]
    expiresAt: Time
    timeoutConfig: Timeouts


@with_config(WHOLE)
class Session(Created):
    lastActivity: Time
    renewalCount: int
    timeRemaining: Annotated[int, Field(description="Milliseconds")]
    isNearExpiration: bool


@with_config(WHOLE)
class Sessions(TypedDict):
    sessions: list[Session]
    total: int


@with_config(WHOLE)
class Health(TypedDict):
    status: Literal["healthy"]
    activeSessions: int
    expiringSoon: int
    timestamp: Time


@with_config(WHOLE)
class Success(TypedDict):
    success: Literal[True]


@with_config(WHOLE)
class Deleted(TypedDict):
    success: Literal[True]
    data: Success


@with_config(WHOLE)
class UserMessage(TypedDict):
    id: str
    content: str
    authorId: str
    createdAt: Time
    metadata: Mapping[str, Any]


@with_config(WHOLE)
class Message(UserMessage):
    isAgent: bool


@with_config(WHOLE)
class Cursors(TypedDict):
    """What `before` is to be for older messages, and `after` for newer ones."""

    before: Millis
    after: Millis


@with_config(WHOLE)
class Messages(TypedDict):
    messages: list[Message]
    hasMore: bool
    cursors: NotRequired[Cursors]


@with_config(WHOLE)
class AgentResponse(TypedDict):
    text: str
    thought: NotRequired[Any]
    actions: NotRequired[Any]


@with_config(WHOLE)
class SessionStatus(TypedDict):
    expiresAt: Time
    renewalCount: int
    wasRenewed: bool
    isNearExpiration: bool


@with_config(WHOLE)
class MessageJob(TypedDict):
    """The job that the message is; GET /api/messaging/jobs/{jobId} tells more."""

    jobId: str
    status: Literal["pending", "processing", "completed", "failed", "timeout"]
    error: NotRequired[str]


@with_config(WHOLE)
class Sent(TypedDict):
    userMessage: UserMessage
    agentResponse: NotRequired[AgentResponse]
    sessionStatus: SessionStatus
    job: MessageJob
