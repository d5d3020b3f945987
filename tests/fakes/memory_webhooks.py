"""In-memory adapters of webhooks; tests/adapters checks their contract."""

from collections.abc import Sequence
from dataclasses import replace

from jobs.kit.clock import Clock, Millis
from jobs.webhooks.errors import DeliveryNotFoundError
from jobs.webhooks.flow import LEASE_MS, Health, Place
from jobs.webhooks.webhook import (
    Attempt,
    DeliveryRef,
    DeliveryState,
    Receiver,
    Subscription,
    WebhookDelivery,
)


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
    ) -> bool:
        stored = self._all.get(_ref(delivery))
        if stored is None:
            return False
        if attempt in stored.attempts:
            return True
        if len(stored.attempts) != len(delivery.attempts) and not attempt.succeeded:
            return False
        attempts = (*stored.attempts, attempt)
        self._all[_ref(delivery)] = replace(stored, attempts=attempts, state=state)
        return True

    def reopen(self, delivery: WebhookDelivery) -> None:
        stored = self.get(_ref(delivery))
        if len(stored.attempts) == len(delivery.attempts):
            self._all[_ref(delivery)] = replace(stored, state=DeliveryState.PENDING)


class InMemoryReceivers:
    """Never forgets."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: dict[Receiver, Health] = {}

    def health(self, receiver: Receiver) -> Health:
        return self._all.get(receiver, Health())

    def claim_probe(self, receiver: Receiver, health: Health, *, until: Millis) -> bool:
        if self.health(receiver).paused_until != health.paused_until:
            return False
        self.pause(receiver, until=until)
        return True

    def add_failure(self, receiver: Receiver) -> Health:
        known = self.health(receiver)
        since = known.failing_since or self._clock()
        self._all[receiver] = replace(known, failures=known.failures + 1, failing_since=since)
        return self._all[receiver]

    def pause(self, receiver: Receiver, *, until: Millis) -> None:
        self._all[receiver] = replace(self.health(receiver), paused_until=until)

    def reset(self, receiver: Receiver) -> None:
        self._all.pop(receiver, None)


class InMemoryPlaces:
    def __init__(self, clock: Clock, *, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._taken: dict[tuple[str, int], Millis] = {}

    def take(self, tenant: str) -> Place | None:
        now = self._clock()
        for number in range(self._limit):
            if self._taken.get((tenant, number), 0) <= now:
                self._taken[tenant, number] = now + LEASE_MS
                return Place(tenant=tenant, number=number, until=now + LEASE_MS)
        return None

    def release(self, place: Place) -> None:
        if self._taken.get((place.tenant, place.number)) == place.until:
            del self._taken[place.tenant, place.number]


def _ref(delivery: WebhookDelivery) -> DeliveryRef:
    return DeliveryRef(tenant=delivery.ref.tenant, job_id=delivery.ref.id, id=delivery.id)
