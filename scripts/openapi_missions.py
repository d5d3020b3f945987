"""The missions API: what its endpoints take and answer."""

from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from pydantic import ConfigDict, Field, with_config

from jobs.dialects.missions_body import CreateJob, OlderCreateJob, UpdateJob
from scripts.openapi import Api, Operation

_WHOLE: Final = ConfigDict(strict=True, extra="forbid")

Word = Literal["PENDING", "QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED"]
Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
Yes = Literal[True]


@with_config(_WHOLE)
class Detail(TypedDict):
    field: str
    message: str


@with_config(_WHOLE)
class Error(TypedDict):
    success: Literal[False]
    error: str
    message: str
    code: str
    details: NotRequired[list[Detail]]
    supportedVersions: NotRequired[list[str]]
    requestId: str
    timestamp: str


@with_config(_WHOLE)
class Item(TypedDict):
    jobId: str
    name: str
    status: Word
    priority: int
    createdAt: Time


@with_config(_WHOLE)
class Created(TypedDict):
    success: Yes
    job: Item


@with_config(_WHOLE)
class Links(TypedDict):
    self: str
    status_ws: str
    status_mqtt: str


@with_config(_WHOLE)
class OlderCreated(TypedDict):
    jobID: str
    status: Word
    createdAt: Time
    DeviceGroupID: str
    _links: Links


@with_config(_WHOLE)
class Listed(TypedDict):
    success: Yes
    jobs: list[Item]
    count: int
    nextCursor: NotRequired[str]


@with_config(_WHOLE)
class Job(TypedDict):
    jobId: str
    name: str
    description: NotRequired[str]
    missionId: NotRequired[str]
    deviceId: NotRequired[str]
    deviceGroupId: str
    status: Word
    priority: int
    scheduledAt: NotRequired[Time]
    createdAt: Time
    updatedAt: NotRequired[Time]
    startedAt: NotRequired[Time]
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[Time]
    error: NotRequired[str]
    metadata: dict[str, Any]


@with_config(_WHOLE)
class Found(TypedDict):
    success: Yes
    job: Job


@with_config(_WHOLE)
class UpdatedJob(TypedDict):
    jobId: str
    name: str
    description: NotRequired[str]
    status: Word
    priority: int
    updatedAt: Time


@with_config(_WHOLE)
class Updated(TypedDict):
    success: Yes
    job: UpdatedJob


@with_config(_WHOLE)
class CancelledJob(TypedDict):
    jobId: str
    status: Literal["CANCELLED"]
    cancelledAt: Time


@with_config(_WHOLE)
class Cancelled(TypedDict):
    success: Yes
    job: CancelledJob


@with_config(_WHOLE)
class Done(TypedDict):
    success: Yes
    message: str


@with_config(_WHOLE)
class Device(TypedDict):
    deviceId: str
    name: str
    status: Literal["online", "offline", "busy"]


@with_config(_WHOLE)
class Resource(TypedDict):
    deviceGroupId: str
    name: str
    description: str
    deviceCount: int
    devices: list[Device]


@with_config(_WHOLE)
class Resources(TypedDict):
    success: Yes
    resources: list[Resource]
    count: int


@with_config(_WHOLE)
class Grant(TypedDict):
    grant_type: Literal["client_credentials"]
    client_id: str
    client_secret: str


@with_config(_WHOLE)
class Token(TypedDict):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class TokenError(TypedDict):
    error: str
    error_description: str


_ALWAYS: Final = (401, 403, 415, 500, 503)
_BEARER: Final[dict[str, Any]] = {"security": "bearer", "error": Error}

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
            error=TokenError,
            body=Grant,
            answers={200: Token},
            refusals=(400, 401, 403, 413, 429, 500, 503),
        ),
        Operation(
            name="create_job",
            method="POST",
            path="/v3/jobs/create",
            summary="Ask for a mission to be flown (role PILOT)",
            body=CreateJob | OlderCreateJob,
            headers={"Idempotency-Key": Annotated[str, Field(min_length=1, max_length=255)]},
            answers={201: Created | OlderCreated},
            refusals=(400, 404, 409, 413, 429, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="list_jobs",
            method="GET",
            path="/v3/jobs",
            summary="List missions, newest first (role VIEWER)",
            query={
                "status": Word,
                "limit": Annotated[int, Field(ge=1, le=100, json_schema_extra={"default": 20})],
                "cursor": str,
            },
            answers={200: Listed},
            refusals=(400, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/v3/jobs/{jobId}",
            summary="Read a mission (role VIEWER)",
            answers={200: Found},
            refusals=(404, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="update_job",
            method="PATCH",
            path="/v3/jobs/{jobId}",
            summary="Change a mission that waits (role PILOT)",
            body=UpdateJob,
            answers={200: Updated},
            refusals=(400, 404, 409, 413, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="delete_job",
            method="DELETE",
            path="/v3/jobs/{jobId}",
            summary="Remove a mission that is not being flown (role PILOT)",
            answers={200: Done},
            refusals=(404, 409, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="cancel_job",
            method="POST",
            path="/v3/jobs/{jobId}/cancel",
            summary="Call a mission off while it waits (role PILOT)",
            answers={200: Cancelled},
            refusals=(400, 404, 409, *_ALWAYS),
            **_BEARER,
        ),
        Operation(
            name="list_resources",
            method="GET",
            path="/v3/resources",
            summary="See what there is to fly with (role VIEWER)",
            answers={200: Resources},
            refusals=_ALWAYS,
            **_BEARER,
        ),
    ],
)
