"""In-memory adapters of webhooks; tests/adapters checks their contract."""

from collections.abc import Sequence
from dataclasses import replace

from jobs.webhooks.errors import DeliveryNotFoundError
from jobs.webhooks.webhook import Attempt, DeliveryRef, DeliveryState, Subscription, WebhookDelivery


class InMemorySubscriptions:
    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Subscription] = {}

    def put(self, subscription: Subscription) -> None:
        self._all[subscription.tenant, subscription.id] = subscription

    def list_active(self, tenant: str) -> Sequence[Subscription]:
        found = [each for each in self._all.values() if each.tenant == tenant and each.active]
        return sorted(found, key=lambda each: each.id)


class InMemoryDeliveryLog:
    """Keeps deliveries for ever."""

    def __init__(self) -> None:
        self._all: dict[DeliveryRef, WebhookDelivery] = {}

    def plan(self, delivery: WebhookDelivery) -> None:
        self._all.setdefault(_ref(delivery), delivery)

    def get(self, ref: DeliveryRef) -> WebhookDelivery:
        if ref not in self._all:
            raise DeliveryNotFoundError(ref.id)
        return self._all[ref]

    def find(self, tenant: str, delivery_id: str) -> WebhookDelivery:
        for ref, delivery in self._all.items():
            if (ref.tenant, ref.id) == (tenant, delivery_id):
                return delivery
        raise DeliveryNotFoundError(delivery_id)

    def list_by_job(self, tenant: str, job_id: str) -> Sequence[WebhookDelivery]:
        found = [d for ref, d in self._all.items() if (ref.tenant, ref.job_id) == (tenant, job_id)]
        return sorted(found, key=lambda each: (each.sequence, each.id))

    def add_attempt(
        self, delivery: WebhookDelivery, attempt: Attempt, state: DeliveryState
    ) -> None:
        stored = self._all.get(_ref(delivery))
        if stored is None or attempt in stored.attempts:
            return
        if stored.state is DeliveryState.DELIVERED and state is not DeliveryState.DELIVERED:
            return
        attempts = (*stored.attempts, attempt)
        self._all[_ref(delivery)] = replace(stored, attempts=attempts, state=state)

    def reopen(self, delivery: WebhookDelivery) -> None:
        stored = self.get(_ref(delivery))
        self._all[_ref(delivery)] = replace(stored, state=DeliveryState.PENDING)


def _ref(delivery: WebhookDelivery) -> DeliveryRef:
    return DeliveryRef(tenant=delivery.ref.tenant, job_id=delivery.ref.id, id=delivery.id)
