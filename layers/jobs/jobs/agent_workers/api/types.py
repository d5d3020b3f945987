"""Responses of the API of workers: types."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit import types as kit
from jobs.kit.types import CLOSED, Millis
from jobs.messaging.api.types import Status


@with_config(CLOSED)
class Error(kit.Error):
    """`status`: how the job has ended, with the code JOB_ENDED."""

    status: NotRequired[Status]


@with_config(CLOSED)
class PastMessage(TypedDict):
    role: Literal["user", "assistant"]
    content: str


@with_config(CLOSED)
class ClaimedJob(TypedDict):
    jobId: Annotated[str, Field(description="Also the idempotency key: delivery is at least once")]
    attempt: Annotated[int, Field(ge=1, description="Sent with every request about the job")]
    agentId: str
    userId: str
    content: str
    metadata: Mapping[str, Any]
    history: Annotated[
        list[PastMessage],
        Field(description="The earlier messages of the session, oldest first"),
    ]
    deadline: Annotated[Millis, Field(description="The job times out then")]
    leaseSeconds: Annotated[
        int,
        Field(
            ge=1,
            description="Other workers may claim the job so long after the last heartbeat. Until"
            " the first one, after 10 seconds: send it at once",
        ),
    ]
    heartbeatSeconds: Annotated[int, Field(ge=1, description="Send a heartbeat this often")]
    outputFrom: Annotated[int, Field(ge=1, description="The `number` of the first piece of output")]


@with_config(CLOSED)
class ClaimResponse(TypedDict):
    jobs: list[ClaimedJob]
    retryAfterSeconds: Annotated[
        int, Field(ge=0, description="Pause so long before the next claim")
    ]


@with_config(CLOSED)
class HeartbeatResponse(TypedDict):
    leaseUntil: Millis


@with_config(CLOSED)
class CompleteResponse(TypedDict):
    status: Literal["completed"]


@with_config(CLOSED)
class FailResponse(TypedDict):
    """`processing`: workers may claim the job again, from `retryAt` on."""

    status: Literal["processing", "failed"]
    retryAt: NotRequired[Millis]
