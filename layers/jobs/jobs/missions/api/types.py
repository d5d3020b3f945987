"""Responses of the missions API: types."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit.types import CLOSED, ErrorClass, Time

Status = Literal["PENDING", "QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED"]
Yes = Literal[True]
Waypoint = Annotated[list[float], Field(min_length=3, max_length=3)]
OptionalField = Literal[
    "description", "missionId", "deviceId", "scheduledAt", "updatedAt", "startedAt", "completedAt",
    "cancelledAt", "error", "errorClass",
]  # fmt: skip
"""The fields that a job may lack, all of type str."""


@with_config(CLOSED)
class FieldError(TypedDict):
    field: str
    message: str


@with_config(CLOSED)
class Error(TypedDict):
    success: Literal[False]
    error: str
    message: str
    code: str
    details: NotRequired[list[FieldError]]
    supportedVersions: NotRequired[list[str]]
    requestId: str
    timestamp: str


@with_config(CLOSED)
class JobSummary(TypedDict):
    jobId: str
    name: str
    status: Status
    priority: int
    createdAt: Time


@with_config(CLOSED)
class CreateJobResponse(TypedDict):
    success: Yes
    job: JobSummary


@with_config(CLOSED)
class JobLinks(TypedDict):
    self: str
    status_ws: str
    status_mqtt: str


@with_config(CLOSED)
class LegacyCreateJobResponse(TypedDict):
    jobID: str
    status: Status
    createdAt: Time
    DeviceGroupID: str
    _links: JobLinks


@with_config(CLOSED)
class ListJobsResponse(TypedDict):
    success: Yes
    jobs: list[JobSummary]
    count: int
    nextCursor: NotRequired[str]


@with_config(CLOSED)
class Job(TypedDict):
    jobId: str
    name: str
    description: NotRequired[str]
    missionId: NotRequired[str]
    deviceId: NotRequired[str]
    deviceGroupId: str
    status: Status
    priority: int
    scheduledAt: NotRequired[Time]
    createdAt: Time
    updatedAt: NotRequired[Time]
    startedAt: NotRequired[Time]
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[Time]
    error: NotRequired[str]
    errorClass: NotRequired[ErrorClass]
    waypoints: NotRequired[
        Annotated[
            list[Waypoint],
            Field(description="The planned route, fixed by the create; none: above the dock"),
        ]
    ]
    track: NotRequired[
        Annotated[
            list[Annotated[list[float], Field(min_length=4, max_length=4)]],
            Field(
                description="The flown way, if asked for, oldest point first: longitude and"
                " latitude in degrees, altitude in metres, time in milliseconds since 1970"
            ),
        ]
    ]
    metadata: Mapping[str, Any]


@with_config(CLOSED)
class GetJobResponse(TypedDict):
    success: Yes
    job: Job


@with_config(CLOSED)
class UpdatedJob(TypedDict):
    jobId: str
    name: str
    description: NotRequired[str]
    status: Status
    priority: int
    scheduledAt: NotRequired[Time]
    updatedAt: Time


@with_config(CLOSED)
class UpdateJobResponse(TypedDict):
    success: Yes
    job: UpdatedJob


@with_config(CLOSED)
class CancelledJob(TypedDict):
    jobId: str
    status: Literal["CANCELLED"]
    cancelledAt: Time


@with_config(CLOSED)
class CancelJobResponse(TypedDict):
    success: Yes
    job: CancelledJob


@with_config(CLOSED)
class MessageResponse(TypedDict):
    success: Yes
    message: str


@with_config(CLOSED)
class Device(TypedDict):
    deviceId: str
    name: str
    status: Literal["online", "offline", "busy"]


@with_config(CLOSED)
class Resource(TypedDict):
    deviceGroupId: str
    name: str
    description: str
    deviceCount: int
    devices: list[Device]


@with_config(CLOSED)
class ListResourcesResponse(TypedDict):
    success: Yes
    resources: list[Resource]
    count: int


@with_config(CLOSED)
class Plan(TypedDict):
    """A registered mission. A waypoint is longitude and latitude in degrees, altitude in metres."""

    missionId: str
    name: str
    waypoints: list[Waypoint]


@with_config(CLOSED)
class ListPlansResponse(TypedDict):
    success: Yes
    missions: list[Plan]
    count: int
    nextCursor: NotRequired[str]


class TokenRequest(TypedDict):
    """Other fields are ignored."""

    grant_type: Literal["client_credentials"]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[str, Field(min_length=1)]


@with_config(CLOSED)
class TokenResponse(TypedDict):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(description="Seconds")]


class TokenError(TypedDict):
    error: str
    error_description: str


class LimitedTokenError(Error, TokenError):
    """An exceeded rate limit, in the shapes of both OAuth 2.0 and the other endpoints."""
