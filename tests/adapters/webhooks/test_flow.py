"""Contract of flow control: the health of receivers and the places of tenants."""

from typing import Any

import pytest

from jobs.kit.errors import UnavailableError
from jobs.kit.sqlite.database import Database
from jobs.webhooks.adapters.flow import DynamoPlaces, DynamoReceivers
from jobs.webhooks.adapters.sqlite import SqlitePlaces, SqliteReceivers
from jobs.webhooks.flow import LEASE_MS, Health
from jobs.webhooks.ports import Places, Receivers
from jobs.webhooks.webhook import Receiver
from tests.support import NOON

MINUTE = 60_000


@pytest.fixture
def receivers(any_engine, clock) -> Receivers:
    if isinstance(any_engine, Database):
        return SqliteReceivers(any_engine, clock)
    return DynamoReceivers(any_engine.client, any_engine.webhooks, clock)


@pytest.fixture
def places(any_engine, clock) -> Places:
    if isinstance(any_engine, Database):
        return SqlitePlaces(any_engine, clock, limit=3)
    return DynamoPlaces(any_engine.client, any_engine.webhooks, clock, limit=3)


@pytest.fixture
def receiver(tenant) -> Receiver:
    return Receiver(tenant=tenant, url="https://hooks.example.com/in")


# ── Receivers ───────────────────────────────────────────────────────────────────


def test_failures_in_a_row_are_counted_from_the_first(receivers, receiver, clock) -> None:
    first = receivers.add_failure(receiver)
    clock.advance(MINUTE)
    second = receivers.add_failure(receiver)

    assert first == Health(failures=1, failing_since=NOON)
    assert second == receivers.health(receiver) == Health(failures=2, failing_since=NOON)


def test_receiver_reset_is_healthy_again(receivers, receiver) -> None:
    receivers.add_failure(receiver)
    receivers.pause(receiver, until=NOON + MINUTE)
    assert receivers.health(receiver).paused_until == NOON + MINUTE

    receivers.reset(receiver)

    assert receivers.health(receiver) == Health()


def test_health_is_of_one_tenant_and_one_url(receivers, receiver, tenant) -> None:
    receivers.add_failure(receiver)

    for other in (
        Receiver(tenant=f"{tenant}-rival", url=receiver.url),
        Receiver(tenant=tenant, url=f"{receiver.url}/2"),
    ):
        assert receivers.health(other) == Health()


def test_probe_is_claimed_by_one_of_those_who_read_the_same_health(receivers, receiver) -> None:
    receivers.pause(receiver, until=NOON)
    read = receivers.health(receiver)

    claims = [receivers.claim_probe(receiver, read, until=NOON + n) for n in (1, 2)]

    assert claims == [True, False]
    assert receivers.health(receiver).paused_until == NOON + 1


def test_probe_of_receiver_without_pause_can_be_claimed_once(receivers, receiver) -> None:
    """A worker may die after it has counted the last failure, before the pause."""
    read = receivers.add_failure(receiver)

    claims = [receivers.claim_probe(receiver, read, until=NOON + n) for n in (1, 2)]

    assert claims == [True, False]


# ── Places ──────────────────────────────────────────────────────────────────────


def take_all(places: Any, tenant: str) -> list[Any]:
    taken = []
    while place := places.take(tenant):
        taken.append(place)
    return taken


def test_tenant_takes_at_most_its_places(places, tenant) -> None:
    assert sorted(each.number for each in take_all(places, tenant)) == [0, 1, 2]
    assert len(take_all(places, f"{tenant}-rival")) == 3


def test_released_place_can_be_taken_again(places, tenant) -> None:
    _, middle, _ = take_all(places, tenant)

    for _ in range(2):
        places.release(middle)

    assert [each.number for each in take_all(places, tenant)] == [middle.number]


def test_place_of_a_dead_worker_expires(places, tenant, clock) -> None:
    [old, *_] = take_all(places, tenant)
    clock.advance(LEASE_MS)
    again = take_all(places, tenant)

    places.release(old)  # it was alive after all, but late

    assert len(again) == 3
    assert take_all(places, tenant) == []


def test_table_throttled_raises_unavailable(engine, clock, receiver) -> None:
    receivers = DynamoReceivers(engine.client, engine.webhooks, clock)
    places = DynamoPlaces(engine.client, engine.webhooks, clock, limit=1)
    place = places.take(receiver.tenant)
    assert place is not None

    with engine.failing("ProvisionedThroughputExceededException"):
        for call in (
            lambda: receivers.health(receiver),
            lambda: receivers.claim_probe(receiver, Health(), until=NOON),
            lambda: receivers.add_failure(receiver),
            lambda: receivers.pause(receiver, until=NOON),
            lambda: receivers.reset(receiver),
            lambda: places.take(receiver.tenant),
            lambda: places.release(place),
        ):
            with pytest.raises(UnavailableError):
                call()
