"""Webhook subscriptions, deliveries and attempts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Literal
from uuid import UUID, uuid4, uuid5

from jobs.core.job import JobRef
from jobs.core.webhook import Event, Webhook
from jobs.kit.clock import Millis
from jobs.kit.errors import FailureClass

type Failure = Literal[
    "dns", "address_refused", "connection", "tls", "timeout", "protocol", "no_secret", "paused"
]  # fmt: skip

_SUCCESS: Final = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
_CLASSES_OF_ERRORS: Final[Mapping[Failure, FailureClass]] = {
    "dns": FailureClass.NOT_FOUND,
    "address_refused": FailureClass.REFUSED,
    "connection": FailureClass.UNAVAILABLE,
    "tls": FailureClass.CREDENTIALS,
    "timeout": FailureClass.TIMEOUT,
    "protocol": FailureClass.BAD_ANSWER,
    "no_secret": FailureClass.CREDENTIALS,
}
_CLASSES_OF_STATUSES: Final[Mapping[int, FailureClass]] = {
    HTTPStatus.UNAUTHORIZED: FailureClass.CREDENTIALS,
    HTTPStatus.FORBIDDEN: FailureClass.CREDENTIALS,
    HTTPStatus.NOT_FOUND: FailureClass.NOT_FOUND,
    HTTPStatus.REQUEST_TIMEOUT: FailureClass.TIMEOUT,
    HTTPStatus.GONE: FailureClass.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS: FailureClass.QUOTA,
}
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
    def was_made(self) -> bool:
        """Whether a request was sent, or could not be."""
        return self.error not in {"paused", "no_secret"}

    @property
    def failure_class(self) -> FailureClass | None:
        """The class of a failure; None for a success, and for an attempt that was put off."""
        if self.status is None:
            return _CLASSES_OF_ERRORS.get(self.error or "paused")
        if self.succeeded:
            return None
        server_failed = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        other = FailureClass.UNAVAILABLE if server_failed else FailureClass.REFUSED
        return _CLASSES_OF_STATUSES.get(self.status, other)

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

    `subscription` is the subscription's id, or None for the job's own webhook. `key_id` identifies
    the key that has created the job, if any.
    """

    id: str
    ref: JobRef
    sequence: int
    event: Event
    url: str
    body: str
    planned_at: Millis
    subscription: str | None = None
    key_id: str | None = None
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
