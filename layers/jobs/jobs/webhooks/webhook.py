"""Webhook subscriptions, deliveries and attempts."""

from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Literal
from uuid import UUID, uuid4, uuid5

from jobs.core.job import JobRef
from jobs.core.webhook import Event, Webhook
from jobs.kit.clock import Millis

type Failure = Literal[
    "dns", "address_refused", "connection", "tls", "timeout", "protocol", "no_secret", "paused"
]  # fmt: skip

_SUCCESS: Final = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
_NAMESPACE: Final = UUID("9c3a7a3e-6f1d-5c0b-8a53-2d4f5b1e7c60")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A tenant's webhook for all of its jobs."""

    id: str
    tenant: str
    webhook: Webhook
    active: bool = True


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request, `ms` long: either the response's `status` or an `error`.

    `message` is the id of the planned attempt, empty for attempts of earlier versions.
    """

    at: Millis
    ms: Millis
    status: int | None = None
    error: Failure | None = None
    message: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status in _SUCCESS

    @property
    def gone(self) -> bool:
        """Whether the receiver has asked for no more attempts (410 Gone)."""
        return self.status == HTTPStatus.GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """The receiver of a tenant's webhooks. The query of its URL does not count."""

    tenant: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """One event for one webhook. Each attempt sends the same `body`.

    `subscription` is the subscription's id, or None for the job's own webhook.
    """

    id: str
    ref: JobRef
    sequence: int
    event: Event
    url: str
    body: str
    planned_at: Millis
    subscription: str | None = None
    state: DeliveryState = DeliveryState.PENDING
    attempts: tuple[Attempt, ...] = ()

    @property
    def receiver(self) -> Receiver:
        return Receiver(tenant=self.ref.tenant, url=self.url.partition("?")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRef:
    tenant: str
    job_id: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAttempt:
    """An attempt to be made at `due`: the content of a queue message.

    `number` counts the attempts of a delivery, and starts again with a redelivery. `index` is the
    attempt's index in the log: if the log has an attempt there, this one is not made. It is None in
    messages of earlier versions. `deferrals` counts how often the attempt was put off.
    """

    id: str = field(default_factory=lambda: str(uuid4()))
    ref: DeliveryRef
    number: int = 1
    index: int | None = 0
    due: Millis = 0
    deferrals: int = 0


def delivery_id(ref: JobRef, sequence: int, subscription: str | None) -> str:
    """Derive a delivery's id from its change and webhook, so that a replay gives the same id."""
    return str(uuid5(_NAMESPACE, f"{ref.tenant}/{ref.id}/{sequence}/{subscription or ''}"))
