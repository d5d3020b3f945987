"""The ports of webhooks. The conventions of `jobs.core.ports` apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from jobs.core.changes import JobChange
from jobs.webhooks.webhook import Attempt, DeliveryRef, DeliveryState, Subscription, WebhookDelivery

if TYPE_CHECKING:
    from jobs.core.types import JobStatusChanged


class Subscriptions(Protocol):
    def list_active(self, tenant: str) -> Sequence[Subscription]:
        """Return the tenant's active subscriptions. The list may be one minute old."""


class DeliveryLog(Protocol):
    def plan(self, delivery: WebhookDelivery) -> None:
        """Store a new delivery. Idempotent: an existing delivery stays as it is."""

    def get(self, ref: DeliveryRef) -> WebhookDelivery:
        """Return a delivery, or raise `DeliveryNotFoundError`."""

    def find(self, tenant: str, delivery_id: str) -> WebhookDelivery:
        """Return the tenant's delivery with this id, or raise `DeliveryNotFoundError`."""

    def list_by_job(self, tenant: str, job_id: str) -> Sequence[WebhookDelivery]:
        """Return a job's deliveries in the order of its changes."""

    def add_attempt(
        self, delivery: WebhookDelivery, attempt: Attempt, state: DeliveryState
    ) -> None:
        """Add an attempt and set the state. Idempotent.

        Without effect if the delivery is delivered and `state` is not.
        """

    def reopen(self, delivery: WebhookDelivery) -> None:
        """Set a delivery back to pending. Raises `DeliveryNotFoundError`."""


class DeliveryQueue(Protocol):
    def send(self, refs: Sequence[DeliveryRef]) -> None:
        """Queue deliveries for the workers, each at least once."""


class SigningSecrets(Protocol):
    def live(self, tenant: str) -> Sequence[str]:
        """Return the tenant's signing secrets, newest first. Empty if the tenant has none."""


class Sender(Protocol):
    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a POST request and return the status of the response.

        Raises `NotDeliveredError` if there is no response, or if the address is not allowed.
        """


class DeliveryMetrics(Protocol):
    def count_attempt(self, state: DeliveryState) -> None:
        """Count an attempt by the resulting state of its delivery."""


class Describe(Protocol):
    def __call__(self, change: JobChange) -> JobStatusChanged:
        """Serialize a change as on the event bus."""
