"""Webhook subscriptions, deliveries and attempts."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Literal
from uuid import UUID, uuid5

from jobs.core.job import JobRef
from jobs.core.webhook import Event, Webhook
from jobs.kit.clock import Millis

type Failure = Literal[
    "dns", "address_refused", "connection", "tls", "timeout", "protocol", "no_secret"
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
    """One request, `ms` long: either the response's `status` or an `error`."""

    at: Millis
    ms: Millis
    status: int | None = None
    error: Failure | None = None

    @property
    def succeeded(self) -> bool:
        return self.status in _SUCCESS

    @property
    def gone(self) -> bool:
        """Whether the receiver has asked for no more attempts (410 Gone)."""
        return self.status == HTTPStatus.GONE


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRef:
    """A reference to a delivery: the content of a queue message."""

    tenant: str
    job_id: str
    id: str


def delivery_id(ref: JobRef, sequence: int, subscription: str | None) -> str:
    """Derive a delivery's id from its change and webhook, so that a replay gives the same id."""
    return str(uuid5(_NAMESPACE, f"{ref.tenant}/{ref.id}/{sequence}/{subscription or ''}"))
