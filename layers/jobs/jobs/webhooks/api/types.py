"""Responses of the webhooks API, and the body of webhooks: types."""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.core.types import Dialect, JobStatusChanged, Moment
from jobs.core.webhook import Event
from jobs.kit.types import CLOSED, ErrorClass, Time
from jobs.webhooks.webhook import Failure


@with_config(CLOSED)
class Attempt(TypedDict):
    """One request: the status of the response, or the kind of failure."""

    at: Time
    durationMs: int
    status: NotRequired[int]
    error: NotRequired[Failure]
    errorClass: NotRequired[ErrorClass]


@with_config(CLOSED)
class Delivery(TypedDict):
    """The delivery of one event to one webhook."""

    deliveryId: str
    jobId: str
    dialect: Dialect
    subscription: NotRequired[
        Annotated[str, Field(description="Id of the tenant's webhook; absent for the job's own")]
    ]
    url: str
    event: Event
    sequence: int
    status: Literal["pending", "delivered", "failed"]
    createdAt: Time
    attempts: list[Attempt]


@with_config(CLOSED)
class ListDeliveriesResponse(TypedDict):
    deliveries: list[Delivery]


class WebhookMessage(TypedDict):
    """The message format of Standard Webhooks."""

    type: Annotated[
        str, Field(pattern=r"^job\.[a-z_]+$", description="`job.` and the event's name")
    ]
    timestamp: Moment
    data: JobStatusChanged
