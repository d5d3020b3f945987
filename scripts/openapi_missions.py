"""The missions API: what its endpoints take and answer."""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.dialects.missions_body import CreateJob, OlderCreateJob, UpdateJob
from jobs.dialects.missions_share_request import CreateShare
from scripts import openapi_missions_types as answers
from scripts.openapi import Api, Operation

_ALWAYS: Final = (401, 403, 415, 500, 503)
_BEARER: Final[dict[str, Any]] = {"security": "bearer", "error": answers.Error}

MISSIONS: Final = Api(
    title="Drone missions",
    version="3",
    security={
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    },
    operations=[
        Operation(
            name="create_token",
            method="POST",
            path="/v3/auth/token",
            summary="Get an access token",
            security="apiKey",
            error=answers.TokenError,
            body=answers.Grant,
            answers={200: answers.Token},
            refusals=(400, 401, 403, 413, 429, 500, 503),
        ),
        Operation(
            name="create_job",
            method="POST",
            path="/v3/jobs/create",
            summary="Ask for a mission to be flown (role PILOT)",
            body=CreateJob | OlderCreateJob,
            headers={"Idempotency-Key": Annotated[str, Field(min_length=1, max_length=255)]},
            answers={201: answers.Created | answers.OlderCreated},
            refusals=(400, 404, 409, 413, 429, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="list_jobs",
            method="GET",
            path="/v3/jobs",
            summary="List missions, newest first (role VIEWER)",
            query={
                "status": answers.Word,
                "limit": Annotated[int, Field(ge=1, le=100, json_schema_extra={"default": 20})],
                "cursor": str,
            },
            answers={200: answers.Listed},
            refusals=(400, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/v3/jobs/{jobId}",
            summary="Read a mission (role VIEWER)",
            answers={200: answers.Found},
            refusals=(404, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="update_job",
            method="PATCH",
            path="/v3/jobs/{jobId}",
            summary="Change a mission that waits (role PILOT)",
            body=UpdateJob,
            answers={200: answers.Updated},
            refusals=(400, 404, 409, 413, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="delete_job",
            method="DELETE",
            path="/v3/jobs/{jobId}",
            summary="Remove a mission that is not being flown (role PILOT)",
            answers={200: answers.Done},
            refusals=(404, 409, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="cancel_job",
            method="POST",
            path="/v3/jobs/{jobId}/cancel",
            summary="Call a mission off while it waits (role PILOT)",
            answers={200: answers.Cancelled},
            refusals=(400, 404, 409, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="list_resources",
            method="GET",
            path="/v3/resources",
            summary="See what there is to fly with (role VIEWER)",
            answers={200: answers.Resources},
            refusals=_ALWAYS,
            **_BEARER,
        ),
        Operation(
            name="create_share",
            method="POST",
            path="/v3/streams/share",
            summary="Let whoever has a code watch a job or a device group (role MANAGER)",
            body=CreateShare,
            answers={201: answers.CreatedShare},
            refusals=(400, 404, 413, 429, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="list_shares",
            method="GET",
            path="/v3/shares",
            summary="List shares that have not expired (role MANAGER)",
            answers={200: answers.Shares},
            refusals=_ALWAYS,
            **_BEARER,
        ),
        Operation(
            name="get_share",
            method="GET",
            path="/v3/shares/{shareCode}",
            summary="Read a share (role MANAGER)",
            answers={200: answers.FoundShare},
            refusals=(404, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="revoke_share",
            method="DELETE",
            path="/v3/shares/{shareCode}",
            summary="End a share, and whatever watches by it (role MANAGER)",
            answers={200: answers.Done},
            refusals=(404, *_ALWAYS),
            **_BEARER,
        ),
    ],
)
