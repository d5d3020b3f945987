"""Responses of the messaging API: types."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit.types import CLOSED, ErrorClass, Millis

Status = Literal["pending", "processing", "completed", "failed", "timeout"]


@with_config(CLOSED)
class CreateJobResponse(TypedDict):
    jobId: str
    status: Status
    createdAt: Millis
    expiresAt: Millis


@with_config(CLOSED)
class Message(TypedDict):
    """The agent's answer; `authorId` is the agent's id."""

    id: str
    content: str
    authorId: str
    createdAt: Millis
    metadata: NotRequired[
        Annotated[
            Mapping[str, Any],
            Field(
                description="A model's answer has its `model` and, if its provider tells, its"
                " `usage`: `{inputTokens, outputTokens}`"
            ),
        ]
    ]


@with_config(CLOSED)
class Result(TypedDict):
    message: Message
    processingTimeMs: int


@with_config(CLOSED)
class Progress(TypedDict):
    """How far the agent's worker says that it is."""

    percent: NotRequired[Annotated[float, Field(ge=0, le=100)]]
    message: NotRequired[str]


@with_config(CLOSED)
class Job(TypedDict):
    jobId: str
    status: Status
    agentId: str
    userId: str
    prompt: str
    createdAt: Millis
    expiresAt: Millis
    result: NotRequired[Result]
    progress: NotRequired[Progress]
    error: NotRequired[Annotated[str, Field(description="Why there is no result")]]
    errorClass: NotRequired[ErrorClass]
    metadata: Annotated[Mapping[str, Any], Field(description="As sent in the create request")]


@with_config(CLOSED)
class ListJobsResponse(TypedDict):
    jobs: list[Job]
    total: Annotated[int, Field(description="Number of all the caller's jobs")]
    filtered: Annotated[int, Field(description="Number of jobs in this response")]
    nextCursor: NotRequired[
        Annotated[str, Field(description="The `cursor` of the next page; absent on the last page")]
    ]


@with_config(CLOSED)
class Metrics(TypedDict):
    """Rates are fractions of the jobs that have ended."""

    averageProcessingTimeMs: int
    successRate: float
    failureRate: float
    timeoutRate: float


@with_config(CLOSED)
class HealthResponse(TypedDict):
    healthy: bool
    timestamp: Millis
    totalJobs: int
    statusCounts: dict[Status, int]
    metrics: Metrics
    maxJobs: int


@with_config(CLOSED)
class Agent(TypedDict):
    id: str
    name: str
    characterName: str
    bio: str
    status: Literal["active", "inactive"]


@with_config(CLOSED)
class AgentList(TypedDict):
    agents: list[Agent]


@with_config(CLOSED)
class ListAgentsResponse(TypedDict):
    success: Literal[True]
    data: AgentList
