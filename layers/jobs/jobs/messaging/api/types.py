"""The messaging API: what its endpoints answer."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit.types import WHOLE, Millis

Status = Literal["pending", "processing", "completed", "failed", "timeout"]


@with_config(WHOLE)
class Created(TypedDict):
    jobId: str
    status: Status
    createdAt: Millis
    expiresAt: Millis


@with_config(WHOLE)
class Message(TypedDict):
    """What the agent has answered; `authorId` is its own."""

    id: str
    content: str
    authorId: str
    createdAt: Millis
    metadata: NotRequired[Mapping[str, Any]]


@with_config(WHOLE)
class Result(TypedDict):
    message: Message
    processingTimeMs: int


@with_config(WHOLE)
class Job(TypedDict):
    jobId: str
    status: Status
    agentId: str
    userId: str
    prompt: str
    createdAt: Millis
    expiresAt: Millis
    result: NotRequired[Result]
    error: NotRequired[Annotated[str, Field(description="Why there is no result")]]
    metadata: Annotated[Mapping[str, Any], Field(description="As it came")]


@with_config(WHOLE)
class Jobs(TypedDict):
    jobs: list[Job]
    total: Annotated[int, Field(description="Of all the caller's jobs")]
    filtered: Annotated[int, Field(description="Of those in this answer")]
    nextCursor: NotRequired[
        Annotated[str, Field(description="The `cursor` of the next page; absent on the last")]
    ]


@with_config(WHOLE)
class Metrics(TypedDict):
    """Rates are fractions of what has ended."""

    averageProcessingTimeMs: int
    successRate: float
    failureRate: float
    timeoutRate: float


@with_config(WHOLE)
class Health(TypedDict):
    healthy: bool
    timestamp: Millis
    totalJobs: int
    statusCounts: dict[Status, int]
    metrics: Metrics
    maxJobs: int


@with_config(WHOLE)
class Agent(TypedDict):
    id: str
    name: str
    characterName: str
    bio: str
    status: Literal["active", "inactive"]


@with_config(WHOLE)
class Agents(TypedDict):
    agents: list[Agent]


@with_config(WHOLE)
class ListedAgents(TypedDict):
    success: Literal[True]
    data: Agents
