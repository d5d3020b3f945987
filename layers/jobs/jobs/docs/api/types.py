"""Responses of the documentation agents' API: types."""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit.types import CLOSED, ErrorClass, Time

HaultReason = Literal["processing", "completed", "error", "interrupted", "github_missconfigured"]
AgentJobStatus = Literal["active", "completed", "archived", "failed"]


@with_config(CLOSED)
class Error(TypedDict):
    error: str


@with_config(CLOSED)
class Todo(TypedDict):
    content: str
    status: Literal["pending", "in_progress", "completed", "cancelled"]
    priority: Literal["high", "medium", "low"]
    id: str


@with_config(CLOSED)
class Usage(TypedDict):
    """Tokens of all the model's calls in the job, or in its last follow-up, as its provider counts.

    It grows while the agent works. All attempts count.
    """

    inputTokens: int
    outputTokens: int


@with_config(CLOSED)
class Session(TypedDict):
    """A v1 docs job. Unknown text is empty, never null."""

    sessionId: str
    subdomain: str
    branch: str
    haulted: bool
    haultReason: HaultReason
    pullRequestLink: str
    messageToUser: str
    todos: list[Todo]
    title: str
    createdAt: Time
    usage: Usage
    errorClass: NotRequired[ErrorClass]


@with_config(CLOSED)
class ListSessionsResponse(TypedDict):
    allSessions: list[Session]


@with_config(CLOSED)
class Source(TypedDict):
    repository: str
    ref: str | None


@with_config(CLOSED)
class AgentJob(TypedDict):
    id: str
    status: AgentJobStatus
    source: Source
    model: str
    prLink: str | None
    createdAt: Time
    archivedAt: Time | None
    usage: Usage
    error: NotRequired[Annotated[str, Field(description="Why the job failed or was cancelled")]]
    errorClass: NotRequired[ErrorClass]
