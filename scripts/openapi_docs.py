"""The documentation agents' API: what its endpoints take and answer.

What is below /v1 is the same without it.
"""

from typing import Annotated, Any, Final, Literal, TypedDict

from pydantic import ConfigDict, Field, with_config

from jobs.dialects.docs_request import CreateJob, Prompt
from jobs.dialects.webhook_body import URL_HEADER
from jobs.domain.webhook_url import LONGEST
from scripts.openapi import Api, Operation, Stream

_WHOLE: Final = ConfigDict(strict=True, extra="forbid")

Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]


@with_config(_WHOLE)
class Error(TypedDict):
    error: str


@with_config(_WHOLE)
class Todo(TypedDict):
    content: str
    status: Literal["pending", "in_progress", "completed", "cancelled"]
    priority: Literal["high", "medium", "low"]
    id: str


@with_config(_WHOLE)
class Session(TypedDict):
    """What is not known yet is empty."""

    sessionId: str
    subdomain: str
    branch: str
    haulted: bool
    haultReason: Literal["processing", "completed", "error", "interrupted", "github_missconfigured"]
    pullRequestLink: str
    messageToUser: str
    todos: list[Todo]
    title: str
    createdAt: Time


@with_config(_WHOLE)
class Sessions(TypedDict):
    allSessions: list[Session]


@with_config(_WHOLE)
class Source(TypedDict):
    repository: str
    ref: str | None


@with_config(_WHOLE)
class AgentJob(TypedDict):
    id: str
    status: Literal["active", "completed", "archived", "failed"]
    source: Source
    model: str
    prLink: str | None
    createdAt: Time
    archivedAt: Time | None


_ALWAYS: Final = (401, 403, 404, 500, 503)
_KEY: Final[dict[str, Any]] = {"security": "bearer", "error": Error}
_ONCE: Final = {
    "Idempotency-Key": Annotated[str, Field(min_length=1, max_length=255)],
    URL_HEADER: Annotated[str, Field(max_length=LONGEST, json_schema_extra={"format": "uri"})],
}
_STREAM: Final = Stream(
    forms={
        "text/plain": "The AI SDK's data stream of version 4: a line TYPE:JSON for each event",
        "text/event-stream": "With Accept: text/event-stream, its UI message stream of version 5;"
        " each event has an id, to go on after by Last-Event-ID",
    },
    headers={
        "X-Session-Id": "The job's id",
        "X-Branch-Name": "Where the agent writes; what no header can hold is percent-encoded",
    },
)

DOCS: Final = Api(
    title="Documentation agents",
    version="2",
    security={"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "mint_…"}},
    operations=[
        Operation(
            name="create_job",
            handler="stream_job",
            method="POST",
            path="/v1/agent/{projectId}/job",
            summary="Have an agent write documentation, and watch it (scope write)",
            body=CreateJob,
            headers=_ONCE,
            answers={200: _STREAM},
            refusals=(400, 409, 413, 429, *_ALWAYS),
            **_KEY,
        ),
        Operation(
            name="join_job",
            handler="stream_job",
            method="GET",
            path="/v1/agent/{projectId}/job/{id}/stream",
            summary="Watch a job from its beginning, or go on watching it (scope read)",
            headers={"Last-Event-ID": Annotated[str, Field(pattern=r"^[1-9]\d{0,9}\.\d{1,6}$")]},
            answers={200: _STREAM},
            refusals=(400, *_ALWAYS),
            **_KEY,
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/v1/agent/{projectId}/job/{id}",
            summary="Read a session (scope read)",
            answers={200: Session},
            refusals=_ALWAYS,
            **_KEY,
        ),
        Operation(
            name="list_jobs",
            method="GET",
            path="/v1/agent/{projectId}/jobs",
            summary="List a project's sessions, newest first (scope read)",
            query={
                "skip": Annotated[int, Field(ge=0, json_schema_extra={"default": 0})],
                "take": Annotated[int, Field(ge=1, le=100, json_schema_extra={"default": 12})],
            },
            answers={200: Sessions},
            refusals=(400, *_ALWAYS),
            **_KEY,
        ),
        Operation(
            name="create_job_v2",
            method="POST",
            path="/v2/agent/{projectId}/job",
            summary="Have an agent write documentation (scope write)",
            body=Prompt,
            headers=_ONCE,
            answers={201: AgentJob},
            refusals=(400, 409, 413, 429, *_ALWAYS),
            **_KEY,
        ),
        Operation(
            name="get_job_v2",
            method="GET",
            path="/v2/agent/{projectId}/job/{id}",
            summary="Read a job (scope read)",
            answers={200: AgentJob},
            refusals=_ALWAYS,
            **_KEY,
        ),
        Operation(
            name="message_job_v2",
            method="POST",
            path="/v2/agent/{projectId}/job/{id}/message",
            summary="Have a job's agent do something more (scope write)",
            body=Prompt,
            headers=_ONCE,
            answers={200: AgentJob},
            refusals=(400, 409, 413, 429, *_ALWAYS),
            **_KEY,
        ),
    ],
)
