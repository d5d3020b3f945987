"""The operations of the documentation agents' API."""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.auth.api_key import Scope
from jobs.core.errors import (
    IdempotencyConflictError,
    JobEndedError,
    JobNotFoundError,
    StaleJobError,
)
from jobs.core.rate_limit import Allowance, RateLimitedError
from jobs.core.webhook_request import URL_HEADER
from jobs.core.webhook_url import MAX_URL_LENGTH
from jobs.docs.api import errors as docs_errors
from jobs.docs.api import types
from jobs.docs.api.access import ScopeMissingError
from jobs.docs.api.bodies import PROMPT, CreateJob, Prompt, validate
from jobs.docs.api.chat import Chat
from jobs.docs.api.query import DEFAULT_TAKE, MAX_SKIP, MAX_TAKE, parse_page
from jobs.docs.errors import BranchRefusedError, ProjectNotFoundError
from jobs.kit.http import Request, Response, TooLargeError
from jobs.kit.output.wire import POSITION, parse_position
from scripts.openapi.model import (
    NO_CONTENT,
    NOON,
    Api,
    Operation,
    OtherMedia,
    capture_error,
    request_with,
)
from scripts.openapi.shared import (
    DATA_STREAM,
    DATA_STREAM_EXAMPLE,
    IDEMPOTENCY_KEY,
    RETRY_AFTER,
    UI_MESSAGE_STREAM,
    UI_MESSAGE_STREAM_EXAMPLE,
    JobId,
)

_HOUR: Final = 3_600_000
_CREATE_HEADERS: Final = {
    **IDEMPOTENCY_KEY,
    URL_HEADER: Annotated[
        str,
        Field(
            max_length=MAX_URL_LENGTH,
            description="An https address to send the job's webhooks to",
            json_schema_extra={"format": "uri"},
        ),
    ],
}
_STREAM: Final = OtherMedia(
    schemas={"text/plain": DATA_STREAM, "text/event-stream": UI_MESSAGE_STREAM},
    examples={
        "text/plain": DATA_STREAM_EXAMPLE,
        "text/event-stream": UI_MESSAGE_STREAM_EXAMPLE,
    },
)
_STREAM_HEADERS: Final = {200: ("X-Session-Id", "X-Branch-Name")}


def _error_response(error: Exception, request: Request) -> Response:
    return docs_errors.error_response(error, now=NOON)


def _for(scope: Scope, *refusals: Exception) -> dict[str, Any]:
    """Return the fields that all endpoints for keys with this scope share."""
    return {
        "description": f"For keys with the scope {scope}.",
        "security": ["bearer"],
        "error_type": types.Error,
        "error_response": _error_response,
        "errors": [
            ScopeMissingError(scope),
            ProjectNotFoundError(),
            *refusals,
        ],
    }


_WRITE: Final = _for(
    Scope.WRITE,
    capture_error(validate, PROMPT, {}),
    IdempotencyConflictError(),
    StaleJobError(),
    TooLargeError(),
    RateLimitedError(Allowance(limit=100, remaining=0, resets_at=NOON + _HOUR, granted=False)),
)
_FOLLOW_UP: Final = _WRITE | {"errors": [*_WRITE["errors"], JobNotFoundError()]}

DOCS: Final = Api(
    name="docs",
    title="Documentation agents",
    version="2",
    description="Agents that write documentation on a branch of your git repository, and stream"
    " their progress. Wire-compatible with the Mintlify agent API; paths below /v1 also work"
    " without it.",
    tags={
        "Version 1": "Jobs that stream the agent's progress",
        "Version 2": "Jobs to poll, with follow-up messages",
    },
    security={
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "mint_…",
            "description": "`mint_…`, an organisation's key with the scopes read, write or both",
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
            Field(description="The agent's branch, percent-encoded where a header needs it"),
        ],
    },
    operations=[
        Operation(
            name="create_job",
            handler="stream_job",
            method="POST",
            path="/v1/agent/{projectId}/job",
            aliases=["/agent/{projectId}/job"],
            summary="Create a job, and stream its progress",
            tag="Version 1",
            body=CreateJob | Chat,
            headers=_CREATE_HEADERS,
            responses={200: _STREAM},
            response_headers=_STREAM_HEADERS,
            **_WRITE | {"errors": [*_WRITE["errors"], BranchRefusedError("main")]},
        ),
        Operation(
            name="join_job",
            handler="stream_job",
            method="GET",
            path="/v1/agent/{projectId}/job/{id}/stream",
            aliases=["/agent/{projectId}/job/{id}/stream"],
            summary="Stream a job's progress from the start, or resume",
            tag="Version 1",
            headers={
                "Last-Event-ID": Annotated[
                    str,
                    Field(
                        pattern=f"^{POSITION.pattern}$",
                        description="The last received event's id: the stream resumes after it",
                    ),
                ]
            },
            responses={200: _STREAM, 204: NO_CONTENT},
            response_headers=_STREAM_HEADERS | {204: ("X-Session-Id", "X-Branch-Name")},
            **_for(Scope.READ, capture_error(parse_position, "none of ours"), JobNotFoundError())
            | {
                "description": f"For keys with the scope {Scope.READ}. `id` may also be a chat's id"
                " that `useChat` sent: this resumes its running job. 204: nothing follows."
            },
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/v1/agent/{projectId}/job/{id}",
            aliases=["/agent/{projectId}/job/{id}"],
            summary="Get a session",
            tag="Version 1",
            responses={200: types.Session},
            **_for(Scope.READ, JobNotFoundError()),
        ),
        Operation(
            name="list_jobs",
            method="GET",
            path="/v1/agent/{projectId}/jobs",
            aliases=["/agent/{projectId}/jobs"],
            summary="List a project's sessions, newest first",
            tag="Version 1",
            query={
                "skip": Annotated[
                    int,
                    Field(
                        ge=0,
                        le=MAX_SKIP,
                        description="Number of newest sessions to skip",
                        json_schema_extra={"default": 0},
                    ),
                ],
                "take": Annotated[
                    int,
                    Field(
                        ge=1,
                        le=MAX_TAKE,
                        description="Page size",
                        json_schema_extra={"default": DEFAULT_TAKE},
                    ),
                ],
            },
            responses={200: types.ListSessionsResponse},
            **_for(Scope.READ, capture_error(parse_page, request_with(take="0"))),
        ),
        Operation(
            name="create_job_v2",
            method="POST",
            path="/v2/agent/{projectId}/job",
            summary="Create a job",
            tag="Version 2",
            body=Prompt,
            headers=_CREATE_HEADERS,
            responses={201: types.AgentJob},
            **_WRITE,
        ),
        Operation(
            name="get_job_v2",
            method="GET",
            path="/v2/agent/{projectId}/job/{id}",
            summary="Get a job",
            tag="Version 2",
            responses={200: types.AgentJob},
            **_for(Scope.READ, JobNotFoundError()),
        ),
        Operation(
            name="message_job_v2",
            method="POST",
            path="/v2/agent/{projectId}/job/{id}/message",
            summary="Send a follow-up message to a job's agent",
            tag="Version 2",
            body=Prompt,
            headers=_CREATE_HEADERS,
            responses={200: types.AgentJob},
            **_FOLLOW_UP,
        ),
        Operation(
            name="cancel_job_v2",
            method="POST",
            path="/v2/agent/{projectId}/job/{id}/cancel",
            summary="Cancel a job and the follow-ups that wait",
            tag="Version 2",
            responses={200: types.AgentJob},
            **_for(Scope.WRITE, JobNotFoundError(), JobEndedError(), StaleJobError()),
        ),
    ],
)
