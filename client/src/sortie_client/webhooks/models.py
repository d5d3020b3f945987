"""Webhooks, and the deliveries to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sortie_client._core.models import Model

type Event = Literal[
    "created", "queued", "started", "completed", "failed", "cancelled", "timed_out"
]

URL_HEADER: Final = "X-Webhook-Url"


@dataclass(frozen=True)
class Webhook:
    """A receiver of a job's events: of the named `events`, or of all if none are named."""

    url: str
    events: Sequence[Event] = ()

    @property
    def body(self) -> Mapping[str, Any]:
        return {"url": self.url, **({"events": [*self.events]} if self.events else {})}


@dataclass(frozen=True, kw_only=True)
class DeliveryAttempt(Model):
    """`status`: the receiver's HTTP status; `error`: why there is none."""

    at: datetime
    duration_ms: int
    status: int | None = None
    error: str | None = None
    error_class: str | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery(Model):
    """`sequence`: the number of the job's change; `subscription`: the standing webhook's id."""

    delivery_id: str
    job_id: str
    dialect: str
    url: str
    event: str
    sequence: int
    status: str
    created_at: datetime
    attempts: Sequence[DeliveryAttempt]
    subscription: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeliveryList(Model):
    deliveries: Sequence[Delivery]
