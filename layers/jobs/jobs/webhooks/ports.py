"""The ports of webhooks. The conventions of `jobs.core.ports` apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from jobs.core.changes import JobChange
from jobs.kit.clock import Millis
from jobs.webhooks.flow import Health, Place
from jobs.webhooks.webhook import (
    Attempt,
    DeliveryRef,
    DeliveryState,
    PlannedAttempt,
    Receiver,
    Subscription,
    WebhookDelivery,
)

if TYPE_CHECKING:
    from jobs.core.types import JobStatusChanged


class Subscriptions(Protocol):
    def list_active(self, tenant: str) -> Sequence[Subscription]:
        """Return the tenant's active subscriptions. The list may be one minute old."""


class DeliveryLog(Protocol):
    def plan_all(self, deliveries: Sequence[WebhookDelivery]) -> None:
        """Store new deliveries. Idempotent: an existing delivery stays as it is."""

    def get(self, ref: DeliveryRef) -> WebhookDelivery:
        """Return a delivery, or raise `DeliveryNotFoundError`."""

    def find(self, tenant: str, delivery_id: str) -> WebhookDelivery:
        """Return the tenant's delivery with this id, or raise `DeliveryNotFoundError`."""

    def list_by_job(self, tenant: str, job_id: str) -> Sequence[WebhookDelivery]:
        """Return a job's deliveries in the order of its changes."""

    def add_attempt(
        self, delivery: WebhookDelivery, attempt: Attempt, state: DeliveryState
    ) -> bool:
        """Add an attempt and set the state. Idempotent.

        Returns False, without effect, if another attempt has been added since `delivery` was read.
        A successful attempt is added nevertheless.
        """

    def reopen(self, delivery: WebhookDelivery) -> None:
        """Set a delivery back to pending. Raises `DeliveryNotFoundError`.

        Without effect if an attempt has been added since `delivery` was read.
        """


class DeliveryQueue(Protocol):
    def send(self, planned: Sequence[PlannedAttempt]) -> None:
        """Queue attempts for the workers, each at least once.

        An attempt may arrive before it is due: the queue delays it for 15 minutes at most.
        """


class DeadLetters(Protocol):
    def add(self, planned: PlannedAttempt) -> None:
        """Keep an attempt that only an operator shall queue again."""


class Receivers(Protocol):
    """The circuit breakers of receivers."""

    def health(self, receiver: Receiver) -> Health:
        """Return a receiver's health, which may be a second old."""

    def claim_probe(self, receiver: Receiver, health: Health, *, until: Millis) -> bool:
        """Pause a receiver until then for all but the caller, unless another caller has."""

    def add_failure(self, receiver: Receiver) -> Health:
        """Count a failure in a row; return the receiver's health after it."""

    def pause(self, receiver: Receiver, *, until: Millis) -> None: ...

    def reset(self, receiver: Receiver) -> None:
        """Forget a receiver's failures and its pause."""


class Places(Protocol):
    """Limits the number of a tenant's webhooks that are sent at the same time."""

    def take(self, tenant: str) -> Place | None:
        """Take a place until it is released or expires. None if all of the tenant's are taken."""

    def release(self, place: Place) -> None:
        """Give a place back. Idempotent."""


class SigningSecrets(Protocol):
    def live(self, tenant: str) -> Sequence[str]:
        """Return the tenant's signing secrets, newest first. Empty if the tenant has none."""


class Sender(Protocol):
    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a POST request and return the status of the response.

        Raises `NotDeliveredError` if there is no response, or if the address is not allowed.
        """


class DeliveryMetrics(Protocol):
    def count_attempt(self, attempt: Attempt, state: DeliveryState) -> None:
        """Count an attempt by its outcome, with the resulting state of its delivery."""


class Describe(Protocol):
    def __call__(self, change: JobChange) -> JobStatusChanged:
        """Serialize a change as on the event bus."""
