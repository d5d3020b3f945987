"""Who is told over HTTP what becomes of jobs, and how the telling fared."""

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
    """A webhook that a tenant has for all of its jobs."""

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
    """What came of one request: a status, or the kind of error that there was instead."""

    at: Millis
    ms: Millis
    status: int | None = None
    error: Failure | None = None

    @property
    def succeeded(self) -> bool:
        return self.status in _SUCCESS

    @property
    def unwanted(self) -> bool:
        """Whether the receiver says that it will never want this (410)."""
        return self.status == HTTPStatus.GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """One event for one webhook. `body` is what is sent, the same at each attempt.

    `subscription` is None where the job itself has named the webhook.
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
    """Where a delivery is found: all that its queue carries."""

    tenant: str
    job_id: str
    id: str


def delivery_id(ref: JobRef, sequence: int, subscription: str | None) -> str:
    """Name a delivery: the same one, however often the change is heard of."""
    return str(uuid5(_NAMESPACE, f"{ref.tenant}/{ref.id}/{sequence}/{subscription or ''}"))
