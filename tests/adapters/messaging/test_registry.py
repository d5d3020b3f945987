"""Agents, API keys and clients."""

from dataclasses import replace

import pytest

from jobs.auth.adapters.api_keys import DynamoKeyUses
from jobs.auth.api_key import ApiKey, Scope
from jobs.auth.ports import KeyUses
from jobs.kit.sqlite.database import Database
from jobs.messaging.agent import Agent
from jobs.missions.partner import Client, Role
from scripts.registry_table import RegistryTable
from tests.support import HOUR, NOON

ADA = Agent(
    id="11111111-1111-4111-8111-111111111111",
    name="Ada",
    bio="Counts žluté 🐎",
    order=2,
    provider="openai",
    settings={"baseUrl": "http://models/v1", "parameters": {"temperature": 0.7}, "stop": [None]},
)
BEN = Agent(id="22222222-2222-4222-8222-222222222222", name="Ben", order=1)
CAT = Agent(id="33333333-3333-4333-8333-333333333333", name="Cat", order=0, active=False)
MINUTE = 60_000


@pytest.fixture
def uses(any_engine, registry) -> KeyUses:
    if isinstance(any_engine, Database):
        return registry
    return DynamoKeyUses(any_engine.client, any_engine.registry)


def test_agents_are_read_unchanged_by_order_then_id(registry, tenant) -> None:
    twin = Agent(id="00000000-0000-4000-8000-000000000000", name="Twin", order=1)
    for agent in (ADA, BEN, CAT, twin):
        registry.put_agent(tenant, agent)

    assert [*registry.agents(tenant)] == [CAT, twin, BEN, ADA]


def test_agents_of_other_tenant_are_not_read(registry, tenant) -> None:
    registry.put_agent(tenant, ADA)

    assert not registry.agents(f"{tenant}-rival")
    assert registry.find_agent(f"{tenant}-rival", ADA.id) is None


@pytest.mark.parametrize(("wanted", "found"), [
    (ADA.id, ADA), (BEN.id, BEN), (None, BEN), (CAT.id, None), ("unknown", None),
])  # fmt: skip
def test_find_agent_by_id_or_first_active_returns_it(registry, tenant, wanted, found) -> None:
    for agent in (ADA, BEN, CAT):
        registry.put_agent(tenant, agent)

    assert registry.find_agent(tenant, wanted) == found


def test_find_agent_without_agents_returns_none(registry, tenant) -> None:
    assert registry.find_agent(tenant, None) is None


def test_find_agent_created_after_caching_returns_it(registry, tenant) -> None:
    registry.put_agent(tenant, BEN)
    registry.find_agent(tenant, BEN.id)

    registry.put_agent(tenant, ADA)

    assert registry.find_agent(tenant, ADA.id) == ADA


@pytest.mark.parametrize("about", [
    {"opens": "missions"},
    {"opens": "docs", "scopes": frozenset({Scope.READ, Scope.WRITE}), "expires_at": NOON},
    {"opens": "docs", "scopes": frozenset({Scope.WRITE})},
])  # fmt: skip
def test_api_key_is_read_unchanged(registry, tenant, about) -> None:
    key = ApiKey(id=tenant[:12], tenant=tenant, sha256="0" * 64, **about)
    registry.put_key(key)

    assert registry.key(key.id) == key
    assert registry.key("no such key") is None


def test_last_use_of_api_key_never_goes_back(registry, uses, tenant) -> None:
    key = ApiKey(id=tenant[:12], tenant=tenant, sha256="0" * 64)
    registry.put_key(key)

    for hour in (NOON, NOON + HOUR, NOON, NOON + HOUR):
        uses.note(key.id, hour)

    assert registry.key(key.id) == replace(key, used_at=NOON + HOUR)


def test_use_of_unknown_api_key_stores_nothing(registry, uses, tenant) -> None:
    uses.note(tenant[:12], NOON)

    assert registry.key(tenant[:12]) is None


def test_api_key_without_apis_allows_messaging(engine, clock, tenant) -> None:
    registry = RegistryTable(engine.client, engine.registry, clock)
    item = {"PK": f"KEY#{tenant}", "SK": "KEY", "tenant": tenant, "sha256": "0" * 64}
    engine.client.put_item(
        TableName=engine.registry, Item={name: {"S": value} for name, value in item.items()}
    )

    assert registry.key(tenant) == ApiKey(id=tenant, tenant=tenant, sha256="0" * 64)


def test_client_is_read_unchanged(registry, tenant) -> None:
    client = Client(id=f"{tenant}-app", tenant=tenant, name="Žluť", role=Role.PILOT)
    registry.put_client(client)

    assert registry.client(client.id) == client
    assert registry.client("no such client") is None


def test_expired_client_is_not_returned(registry, tenant, clock) -> None:
    client = Client(
        id=tenant, tenant=tenant, name="App", role=Role.PILOT, key_id="0123456789ab",
        created_at=NOON, expires_at=clock() + HOUR, replaced_by="other",
    )  # fmt: skip
    registry.put_client(client)
    assert registry.client(client.id) == client

    clock.advance(HOUR)

    assert registry.client(client.id) is None


def test_client_is_cached_for_a_minute(engine, clock, tenant) -> None:
    registry = RegistryTable(engine.client, engine.registry, clock)
    client = Client(id=tenant, tenant=tenant, name="App", role=Role.VIEWER)
    registry.put_client(client)

    with engine.calls() as calls:
        for wait in (0, 0, MINUTE - 1):
            clock.advance(wait)
            assert registry.client(client.id) == client
        engine.client.delete_item(
            TableName=engine.registry,
            Key={"PK": {"S": f"CLIENT#{client.id}"}, "SK": {"S": "CLIENT"}},
        )
        clock.advance(1)
        assert registry.client(client.id) is None

    assert calls == ["GetItem", "DeleteItem", "GetItem"]


def test_agents_are_cached_for_a_minute(engine, clock, tenant) -> None:
    registry = RegistryTable(engine.client, engine.registry, clock)
    registry.put_agent(tenant, BEN)

    with engine.calls() as calls:
        for wait in (0, 0, MINUTE - 1):
            clock.advance(wait)
            assert registry.find_agent(tenant, None) == BEN
        clock.advance(1)
        assert registry.find_agent(tenant, BEN.id) == BEN

    assert calls == ["Query", "Query"]


def test_unknown_entries_are_not_cached(engine, clock, tenant) -> None:
    registry = RegistryTable(engine.client, engine.registry, clock)
    registry.put_agent(tenant, BEN)
    registry.find_agent(tenant, None)

    with engine.calls() as calls:
        assert registry.find_agent(tenant, ADA.id) is None
        assert registry.find_agent(tenant, ADA.id) is None

    assert calls == ["Query", "Query"]


def test_agent_cache_is_per_tenant(engine, clock, tenant) -> None:
    registry = RegistryTable(engine.client, engine.registry, clock)
    registry.put_agent(tenant, BEN)
    registry.put_agent(f"{tenant}-rival", ADA)

    assert registry.find_agent(tenant, None) == BEN
    assert registry.find_agent(f"{tenant}-rival", None) == ADA


def test_agents_over_one_page_are_all_read(engine, clock, tenant) -> None:
    registry = RegistryTable(engine.client, engine.registry, clock)
    agents = [
        Agent(id=f"{n}", name=f"{n}", order=n, settings={"systemPrompt": "x" * 300_000})
        for n in range(5)
    ]
    for agent in agents:
        registry.put_agent(tenant, agent)

    assert [*registry.agents(tenant)] == agents
