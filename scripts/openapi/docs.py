"""The documentation agents' API: what its endpoints take and answer."""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.core.errors import (
    IdempotencyConflictError,
    JobNotFoundError,
    ProjectNotFoundError,
    StaleJobError,
)
from jobs.core.rate_limit import Allowance, RateLimitedError
from jobs.docs.api import errors as docs_errors
from jobs.docs.api import types
from jobs.docs.api.access import ScopeMissingError
from jobs.docs.api.ai_stream import PLACE, place_in
from jobs.docs.api.query import DEFAULT_TAKE, MAX_SKIP, MAX_TAKE, page_in
from jobs.docs.api.requests import PROMPT, CreateJob, Prompt, checked
from jobs.kit.http import Request, Response, TooLargeError
from jobs.messaging.agent import Scope
from jobs.webhooks.api.body import URL_HEADER
from jobs.webhooks.url import LONGEST
from scripts.openapi.model import NOON, Api, Form, Operation, asking, raised
from scripts.openapi.shared import IDEMPOTENCY_KEY, RETRY_AFTER, JobId

_HOUR: Final = 3_600_000
_ONCE: Final = {
    **IDEMPOTENCY_KEY,
    URL_HEADER: Annotated[
        str,
        Field(
            max_length=LONGEST,
            description="Whom to tell by webhooks what becomes of the job: an https address",
            json_schema_extra={"format": "uri"},
        ),
    ],
}
_STREAM: Final = Form(
    forms={
        "text/plain": {
            "type": "string",
            "description": "The AI SDK's data stream of version 4: a line TYPE:JSON for each event",
        },
        "text/event-stream": {
            "type": "object",
            "description": "With Accept: text/event-stream, the AI SDK's UI message stream of"
            " version 5; an event's id is for Last-Event-ID",
            "properties": {
                "id": {"type": "string"},
                "data": {"type": "string", "description": "JSON; of the last event, [DONE]"},
            },
            "required": ["data"],
        },
    },
    examples={
        "text/plain": 'f:{"messageId":"…"}\n0:"Hello"\n'
        'd:{"finishReason":"stop","usage":{"promptTokens":0,"completionTokens":0}}\n',
        "text/event-stream": {"id": "1.0", "data": '{"type":"start","messageId":"…"}'},
    },
)
_TOLD: Final = {200: ("X-Session-Id", "X-Branch-Name")}


def _refuse(error: Exception, request: Request) -> Response:
    return docs_errors.refuse(error, now=NOON)


def _for(scope: Scope, *refusals: Exception) -> dict[str, Any]:
    """What every endpoint has in common, for keys of this scope."""
    return {
        "description": f"For keys with the scope {scope}.",
        "security": ["bearer"],
        "error": types.Error,
        "refuse": _refuse,
        "refusals": [
            ScopeMissingError(scope),
            ProjectNotFoundError(),
            *refusals,
        ],
    }


_WORK: Final = _for(
    Scope.WRITE,
    raised(checked, PROMPT, {}),
    IdempotencyConflictError(),
    StaleJobError(),
    TooLargeError(),
    RateLimitedError(Allowance(limit=100, remaining=0, resets_at=NOON + _HOUR, granted=False)),
)
_FOLLOW_UP: Final = _WORK | {"refusals": [*_WORK["refusals"], JobNotFoundError()]}

DOCS: Final = Api(
    name="docs",
    title="Documentation agents",
    version="2",
    description="Agents that write on a branch of your git repository while you read along."
    " Wire-compatible with the Mintlify agent API; what is below /v1 is the same without it.",
    tags={
        "Version 1": "Jobs that stream what the agent does",
        "Version 2": "Jobs that are polled, and followed up",
    },
    security={
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "mint_…",
            "description": "`mint_…`, an organisation's key, with the scopes read, write or both",
        }
    },
    parameters={
        "projectId": Annotated[str, Field(description="A project of the key's organisation")],
        "id": JobId,
    },
    headers={
        **RETRY_AFTER,
        "X-Session-Id": Annotated[str, Field(description="The job's id")],
        "X-Branch-Name": Annotated[
            str,
            Field(description="Where the agent writes; what no header can hold is percent-encoded"),
        ],
    },
    operations=[
        Operation(
            name="create_job",
            handler="stream_job",
            method="POST",
            path="/v1/agent/{projectId}/job",
            also=["/agent/{projectId}/job"],
            summary="Have an agent write documentation, and watch it",
            tag="Version 1",
            body=CreateJob,
            headers=_ONCE,
            answers={200: _STREAM},
            told=_TOLD,
            **_WORK,
        ),
        Operation(
            name="join_job",
            handler="stream_job",
            method="GET",
            path="/v1/agent/{projectId}/job/{id}/stream",
            also=["/agent/{projectId}/job/{id}/stream"],
            summary="Watch a job from its beginning, or go on watching it",
            tag="Version 1",
            headers={
                "Last-Event-ID": Annotated[
                    str,
                    Field(
                        pattern=f"^{PLACE.pattern}$",
                        description="The id of the last event that was received, to go on after it",
                    ),
                ]
            },
            answers={200: _STREAM},
            told=_TOLD,
            **_for(Scope.READ, raised(place_in, "none of ours"), JobNotFoundError()),
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/v1/agent/{projectId}/job/{id}",
            also=["/agent/{projectId}/job/{id}"],
            summary="Read a session",
            tag="Version 1",
            answers={200: types.Session},
            **_for(Scope.READ, JobNotFoundError()),
        ),
        Operation(
            name="list_jobs",
            method="GET",
            path="/v1/agent/{projectId}/jobs",
            also=["/agent/{projectId}/jobs"],
            summary="List a project's sessions, newest first",
            tag="Version 1",
            query={
                "skip": Annotated[
                    int,
                    Field(
                        ge=0,
                        le=MAX_SKIP,
                        description="How many of the newest to leave out",
                        json_schema_extra={"default": 0},
                    ),
                ],
                "take": Annotated[
                    int,
                    Field(
                        ge=1,
                        le=MAX_TAKE,
                        description="How many at most",
                        json_schema_extra={"default": DEFAULT_TAKE},
                    ),
                ],
            },
            answers={200: types.Sessions},
            **_for(Scope.READ, raised(page_in, asking(take="0"))),
        ),
        Operation(
            name="create_job_v2",
            method="POST",
            path="/v2/agent/{projectId}/job",
            summary="Have an agent write documentation",
            tag="Version 2",
            body=Prompt,
            headers=_ONCE,
            answers={201: types.AgentJob},
            **_WORK,
        ),
        Operation(
            name="get_job_v2",
            method="GET",
            path="/v2/agent/{projectId}/job/{id}",
            summary="Read a job",
            tag="Version 2",
            answers={200: types.AgentJob},
            **_for(Scope.READ, JobNotFoundError()),
        ),
        Operation(
            name="message_job_v2",
            method="POST",
            path="/v2/agent/{projectId}/job/{id}/message",
            summary="Have a job's agent do something more",
            tag="Version 2",
            body=Prompt,
            headers=_ONCE,
            answers={200: types.AgentJob},
            **_FOLLOW_UP,
        ),
    ],
)
