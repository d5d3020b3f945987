"""The missions API: what its endpoints answer."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit.types import WHOLE, Time

Word = Literal["PENDING", "QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED"]
Yes = Literal[True]
Optional = Literal[
    "description", "missionId", "deviceId", "scheduledAt", "updatedAt", "startedAt", "completedAt",
    "cancelledAt", "error",
]  # fmt: skip
"""What not every job has, all of it text."""


@with_config(WHOLE)
class Detail(TypedDict):
    field: str
    message: str


@with_config(WHOLE)
class Error(TypedDict):
    success: Literal[False]
    error: str
    message: str
    code: str
    details: NotRequired[list[Detail]]
    supportedVersions: NotRequired[list[str]]
    requestId: str
    timestamp: str


@with_config(WHOLE)
class Item(TypedDict):
    jobId: str
    name: str
    status: Word
    priority: int
    createdAt: Time


@with_config(WHOLE)
class Created(TypedDict):
    success: Yes
    job: Item


@with_config(WHOLE)
class Links(TypedDict):
    self: str
    status_ws: str
    status_mqtt: str


@with_config(WHOLE)
class OlderCreated(TypedDict):
    jobID: str
    status: Word
    createdAt: Time
    DeviceGroupID: str
    _links: Links


@with_config(WHOLE)
class Listed(TypedDict):
    success: Yes
    jobs: list[Item]
    count: int
    nextCursor: NotRequired[str]


@with_config(WHOLE)
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
    metadata: Mapping[str, Any]


@with_config(WHOLE)
class Found(TypedDict):
    success: Yes
    job: Job


@with_config(WHOLE)
class UpdatedJob(TypedDict):
    jobId: str
    name: str
    description: NotRequired[str]
    status: Word
    priority: int
    updatedAt: Time


@with_config(WHOLE)
class Updated(TypedDict):
    success: Yes
    job: UpdatedJob


@with_config(WHOLE)
class CancelledJob(TypedDict):
    jobId: str
    status: Literal["CANCELLED"]
    cancelledAt: Time


@with_config(WHOLE)
class Cancelled(TypedDict):
    success: Yes
    job: CancelledJob


@with_config(WHOLE)
class Done(TypedDict):
    success: Yes
    message: str


@with_config(WHOLE)
class Device(TypedDict):
    deviceId: str
    name: str
    status: Literal["online", "offline", "busy"]


@with_config(WHOLE)
class Resource(TypedDict):
    deviceGroupId: str
    name: str
    description: str
    deviceCount: int
    devices: list[Device]


@with_config(WHOLE)
class Resources(TypedDict):
    success: Yes
    resources: list[Resource]
    count: int


class Grant(TypedDict):
    """Fields that are not named here are ignored."""

    grant_type: Literal["client_credentials"]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[str, Field(min_length=1)]


@with_config(WHOLE)
class Token(TypedDict):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(description="Seconds")]


class TokenError(TypedDict):
    error: str
    error_description: str


class LimitedTokenError(Error, TokenError):
    """Of a rate limit, in the shapes of both OAuth 2.0 and the other endpoints."""
