"""The event of a status change, on the event bus and in webhooks: types."""

from typing import Annotated, Literal, TypedDict

from pydantic import Field

from jobs.core.status import JobStatus
from jobs.kit.types import Uuid

type Dialect = str
"""The API that a job belongs to. The OpenAPI documents list the values."""

Moment = Annotated[str, Field(description="ISO 8601, with an offset from UTC")]


class Links(TypedDict):
    """The job's path."""

    self: str


class JobStatusChanged(TypedDict):
    """A change of a job's status, without the job's content: fetch the job to read it.

    `eventId` identifies the change and stays the same in repeated events. `sequence` counts the
    job's changes: a later event may arrive before an earlier one.
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
