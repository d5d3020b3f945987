"""What webhooks need from the outside world; `jobs.core.ports` says what holds for all of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from jobs.core.changes import JobChange
from jobs.webhooks.webhook import Attempt, DeliveryRef, DeliveryState, Subscription, WebhookDelivery

if TYPE_CHECKING:
    from jobs.core.types import JobStatusChanged


class Subscriptions(Protocol):
    def standing(self, tenant: str) -> Sequence[Subscription]:
        """Return the tenant's active webhooks for all of its jobs, as of a minute ago at most."""


class DeliveryLog(Protocol):
    def plan(self, delivery: WebhookDelivery) -> None:
        """Store a new delivery; one that is there already is left as it is."""

    def get(self, ref: DeliveryRef) -> WebhookDelivery:
        """Return a delivery, or raise `DeliveryNotFoundError`."""

    def find(self, tenant: str, delivery_id: str) -> WebhookDelivery:
        """Return the tenant's delivery of this id, or raise `DeliveryNotFoundError`."""

    def of_job(self, tenant: str, job_id: str) -> Sequence[WebhookDelivery]:
        """Return a job's deliveries in the order of its changes."""

    def note(self, delivery: WebhookDelivery, attempt: Attempt, state: DeliveryState) -> None:
        """Add an attempt, once. What has been delivered stays so: then no failed one is noted."""

    def reopen(self, delivery: WebhookDelivery) -> None:
        """Make a delivery pending again. Raises `DeliveryNotFoundError`."""


class DeliveryQueue(Protocol):
    def send(self, refs: Sequence[DeliveryRef]) -> None:
        """Hand deliveries to workers, each at least once."""


class SigningSecrets(Protocol):
    def live(self, tenant: str) -> Sequence[str]:
        """Return the tenant's secrets, the newest first; none if it has not been given any."""


class Sender(Protocol):
    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """POST, and return the answer's status.

        Raises `NotDeliveredError` if there is none, or if this is nowhere that we send to.
        """


class DeliveryMetrics(Protocol):
    def attempted(self, state: DeliveryState) -> None:
        """Count an attempt by what it has left its delivery as."""


class Describe(Protocol):
    def __call__(self, change: JobChange) -> JobStatusChanged:
        """Spell a change as the event bus does."""
