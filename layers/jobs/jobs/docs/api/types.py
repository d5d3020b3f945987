"""The documentation agents' API: what its endpoints answer."""

from typing import Literal, TypedDict

from pydantic import with_config

from jobs.kit.types import WHOLE, Time

HaultReason = Literal["processing", "completed", "error", "interrupted", "github_missconfigured"]
AgentJobStatus = Literal["active", "completed", "archived", "failed"]


@with_config(WHOLE)
class Error(TypedDict):
    error: str


@with_config(WHOLE)
class Todo(TypedDict):
    content: str
    status: Literal["pending", "in_progress", "completed", "cancelled"]
    priority: Literal["high", "medium", "low"]
    id: str


@with_config(WHOLE)
class Session(TypedDict):
    """What is not known yet is empty."""

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


@with_config(WHOLE)
class Sessions(TypedDict):
    allSessions: list[Session]


@with_config(WHOLE)
class Source(TypedDict):
    repository: str
    ref: str | None


@with_config(WHOLE)
class AgentJob(TypedDict):
    id: str
    status: AgentJobStatus
    source: Source
    model: str
    prLink: str | None
    createdAt: Time
    archivedAt: Time | None
