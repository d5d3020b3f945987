"""A change of a job's status, as the event bus and webhooks tell it."""

from typing import Annotated, Literal, TypedDict

from pydantic import Field

from jobs.core.status import JobStatus
from jobs.kit.types import Uuid

type Dialect = str
"""Which API a job is of. The documents list them."""

Moment = Annotated[str, Field(description="ISO 8601, with an offset from UTC")]


class Links(TypedDict):
    """Where the job is found."""

    self: str


class JobStatusChanged(TypedDict):
    """Nothing of what is in the job: whoever may see that fetches it.

    `eventId` is the same however often the change is told; `sequence` counts the job's changes, as
    a later one may overtake an earlier one.
    """

    version: Literal["1"]
    eventId: Uuid
    sequence: Annotated[int, Field(ge=1)]
    tenant: str
    dialect: Dialect
    jobId: Uuid
    status: JobStatus
    previousStatus: JobStatus | None
    occurredAt: Moment
    links: Links
