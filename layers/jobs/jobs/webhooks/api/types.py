"""What the webhooks API answers, and what webhooks are sent."""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.core.types import Dialect, JobStatusChanged, Moment
from jobs.kit.types import WHOLE, Time
from jobs.webhooks.webhook import Event, Failure


@with_config(WHOLE)
class Attempt(TypedDict):
    """One request: the status that came of it, or what kind of error instead."""

    at: Time
    durationMs: int
    status: NotRequired[int]
    error: NotRequired[Failure]


@with_config(WHOLE)
class Delivery(TypedDict):
    """One event for one webhook."""

    deliveryId: str
    jobId: str
    dialect: Dialect
    subscription: NotRequired[
        Annotated[str, Field(description="The tenant's standing webhook, where it is for that")]
    ]
    url: str
    event: Event
    sequence: int
    status: Literal["pending", "delivered", "failed"]
    createdAt: Time
    attempts: list[Attempt]


@with_config(WHOLE)
class Deliveries(TypedDict):
    deliveries: list[Delivery]


class Sent(TypedDict):
    """Standard Webhooks' shape of a message."""

    type: Annotated[str, Field(pattern=r"^job\.[a-z_]+$", description="`job.` and the event")]
    timestamp: Moment
    data: JobStatusChanged
