"""The registry as operators change it, and the audit log."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from jobs.admin.adapters import registry as dynamo
from jobs.admin.adapters import sqlite
from jobs.admin.adapters.registry import DynamoAuditLog, DynamoRegistry
from jobs.admin.adapters.sqlite import SqliteAuditLog, SqliteRegistry
from jobs.admin.audit import Actor, Record, new_record
from jobs.admin.errors import EntryChangedError, IdTakenError, TenantNotFoundError
from jobs.admin.ports import Write
from jobs.admin.tenant import TENANTS, Tenant
from jobs.auth.adapters.api_keys import DynamoApiKeys
from jobs.auth.adapters.resources import KEYS
from jobs.auth.api_key import OPERATORS, ApiKey, Scope
from jobs.kit.errors import UnavailableError
from jobs.kit.sqlite.database import Database
from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.adapters.partners import DynamoPartners
from jobs.missions.adapters.resources import DEVICES, GROUPS, PARTNERS
from jobs.missions.device import Device, DeviceGroup
from jobs.missions.partner import Client, Role
from tests.support import HOUR, NOON

ACTOR = Actor(name="ops", key="0123456789ab")


@pytest.fixture
def admin(any_engine):
    """The registry and the audit log of one engine."""
    if isinstance(any_engine, Database):
        return SimpleNamespace(registry=SqliteRegistry(any_engine), log=SqliteAuditLog(any_engine))
    return SimpleNamespace(
        registry=DynamoRegistry(any_engine.client, any_engine.registry, any_engine.audit),
        log=DynamoAuditLog(any_engine.client, any_engine.audit),
    )


@pytest.fixture
def registry(admin):
    return admin.registry


@pytest.fixture
def known(registry, tenant, commit):
    """A tenant that exists."""
    commit(TENANTS, Tenant(id=tenant, name="Acme", created_at=NOON))
    return tenant


@pytest.fixture
def commit(registry, tenant, clock):
    """Write one entry; return its record. `replacing` is the version of the stored entry."""

    def write(resource, value, *, replacing=None, owner=tenant, entry=""):
        clock.advance(1)
        entry = entry or value.id
        action = "create" if value else "delete"
        record = new_record(clock(), ACTOR, action, resource, owner, entry, after=value)
        one = Write(resource=resource, tenant=owner, id=entry, value=value, replacing=replacing)
        registry.commit([one], record)
        return record

    return write


def a_key(tenant, number=1, **about) -> ApiKey:
    sane = {"id": f"{number:03}{tenant[:9]}", "tenant": tenant, "sha256": "0" * 64, "name": "ci"}
    return ApiKey(**sane | about)


def test_written_key_is_found_with_the_version_of_its_record(registry, known, commit) -> None:
    key = a_key(
        known, opens="docs", scopes=frozenset({Scope.READ}), created_at=NOON, expires_at=NOON + 1,
        replaced_by="0f1e2d3c4b5a", used_at=NOON,
    )  # fmt: skip

    record = commit(KEYS, key)

    found = registry.find(KEYS, known, key.id)
    assert (found.value, found.version) == (key, record.id)


def test_key_of_other_tenant_is_not_found(registry, known, commit) -> None:
    commit(KEYS, a_key(known))

    assert registry.find(KEYS, f"{known}-rival", a_key(known).id) is None
    assert registry.page(KEYS, f"{known}-rival", None).entries == []


def test_new_entry_is_refused_where_one_exists(registry, known, commit) -> None:
    commit(KEYS, a_key(known))

    with pytest.raises(EntryChangedError):
        commit(KEYS, a_key(known, name="other"))

    assert registry.find(KEYS, known, a_key(known).id).value.name == "ci"


def test_entry_is_replaced_only_in_the_expected_version(registry, known, commit) -> None:
    first = commit(KEYS, a_key(known))
    second = commit(KEYS, a_key(known, name="two"), replacing=first.id)

    for stale in (first.id, "", "0" * 36):
        with pytest.raises(EntryChangedError):
            commit(KEYS, a_key(known, name="three"), replacing=stale)

    found = registry.find(KEYS, known, a_key(known).id)
    assert (found.value.name, found.version) == ("two", second.id)


def test_deleted_entry_is_gone_and_cannot_be_deleted_again(registry, known, commit) -> None:
    made = commit(KEYS, key := a_key(known))

    commit(KEYS, None, replacing=made.id, entry=key.id)

    assert registry.find(KEYS, known, key.id) is None
    with pytest.raises(EntryChangedError):
        commit(KEYS, None, replacing=made.id, entry=key.id)


def test_entry_of_unknown_tenant_is_refused(registry, tenant, commit) -> None:
    with pytest.raises(TenantNotFoundError):
        commit(KEYS, a_key(tenant))

    assert registry.find(KEYS, tenant, a_key(tenant).id) is None


def test_key_of_operators_needs_no_tenant(registry, tenant, commit) -> None:
    key = a_key(OPERATORS, id=tenant[:12])

    commit(KEYS, key, owner=OPERATORS)

    assert registry.find(KEYS, OPERATORS, key.id).value == key


def test_refused_change_leaves_no_record(admin, known, commit) -> None:
    record = commit(KEYS, a_key(known))
    with pytest.raises(EntryChangedError):
        commit(KEYS, a_key(known))

    records = admin.log.page(known, None).entries

    assert [each.id for each in records][:1] == [record.id]


@pytest.fixture
def pages_of_two(monkeypatch) -> None:
    monkeypatch.setattr(dynamo, "PAGE_SIZE", 2)
    monkeypatch.setattr(sqlite, "PAGE_SIZE", 2)


@pytest.mark.usefixtures("pages_of_two")
def test_keys_are_listed_in_pages_in_the_order_of_their_ids(registry, known, commit) -> None:
    keys = [a_key(known, number) for number in range(3)]
    for key in reversed(keys):
        commit(KEYS, key)

    first = registry.page(KEYS, known, None)
    second = registry.page(KEYS, known, first.next)

    assert [*first.entries, *second.entries] == keys
    assert (len(first.entries), second.next) == (2, None)


def test_tenants_are_listed_after_the_cursor(registry, known, commit) -> None:
    other = f"{known}-b"
    commit(TENANTS, Tenant(id=other), owner=other)

    assert registry.page(TENANTS, "", known).entries[0] == Tenant(id=other)
    assert registry.page(TENANTS, "", None).entries


def test_tenant_is_empty_until_it_has_a_key(registry, known, commit) -> None:
    before = registry.is_empty(known)

    commit(KEYS, a_key(known))

    assert (before, registry.is_empty(known)) == (True, False)


@pytest.mark.usefixtures("pages_of_two")
def test_records_are_listed_newest_first_by_tenant(admin, known, commit) -> None:
    records = [commit(KEYS, a_key(known, number)) for number in range(3)]

    first = admin.log.page(known, None)
    second = admin.log.page(known, first.next)

    listed = [*first.entries, *second.entries]
    assert listed[:3] == records[::-1]
    assert (listed[3].resource, second.next) == ("tenants", None)
    assert admin.log.page(f"{known}-rival", None).entries == []


def test_records_of_all_tenants_are_listed_newest_first(admin, known, commit, clock) -> None:
    clock.advance(HOUR)  # the tests share the table
    record = commit(KEYS, a_key(known))

    assert admin.log.page(None, None).entries[0] == record


def test_record_is_read_unchanged(admin, registry, known, clock) -> None:
    before, after = Tenant(id=known, name="Acme", created_at=NOON), Tenant(id=known, name="B")
    record = new_record(
        NOON, Actor(name="make registry"), "replace", TENANTS, known, known,
        before=before, after=after,
    )  # fmt: skip
    version = registry.find(TENANTS, known, known).version
    one = Write(resource=TENANTS, tenant=known, id=known, value=after, replacing=version)
    registry.commit([one], record)

    [found] = [each for each in admin.log.page(known, None).entries if each.id == record.id]
    assert found == record


@pytest.mark.parametrize("resource", [GROUPS, DEVICES], ids=lambda each: each.name)
def test_id_of_other_tenant_is_taken_until_it_is_deleted(registry, known, commit, resource) -> None:
    rival, entry = f"{known}-rival", f"id-{known}"
    commit(TENANTS, Tenant(id=rival), owner=rival)
    mine, theirs = (fleet_entry(resource, owner, entry) for owner in (known, rival))
    made = commit(resource, mine)

    with pytest.raises(IdTakenError):
        commit(resource, theirs, owner=rival)
    assert registry.find(resource, rival, entry) is None

    commit(resource, None, replacing=made.id, entry=entry)
    commit(resource, theirs, owner=rival)
    assert registry.find(resource, rival, entry).value == theirs


def fleet_entry(resource, tenant, entry):
    if resource is GROUPS:
        return DeviceGroup(id=entry, tenant=tenant, name="Quay")
    return Device(id=entry, tenant=tenant, group="quay", name="Dock")


# ── DynamoDB alone ──────────────────────────────────────────────────────────────


def test_record_expires_after_a_year(engine, commit_to, tenant) -> None:
    record = commit_to(engine, tenant)

    for partition in ("AUDIT", f"TENANT#{tenant}"):
        key = {"PK": {"S": partition}, "SK": {"S": record.id}}
        item = engine.client.get_item(TableName=engine.audit, Key=key)["Item"]
        assert int(item["expires_at"]["N"]) == NOON // 1000 + 366 * 24 * 3600


def test_key_of_an_earlier_version_is_listed_and_replaced(engine, tenant, commit_to) -> None:
    commit_to(engine, tenant)
    item = {"PK": f"KEY#{tenant[:12]}", "SK": "KEY", "tenant": tenant, "sha256": "0" * 64}
    engine.client.put_item(
        TableName=engine.registry, Item={name: {"S": value} for name, value in item.items()}
    )
    registry = DynamoRegistry(engine.client, engine.registry, engine.audit)

    [listed] = registry.page(KEYS, tenant, None).entries
    assert listed == ApiKey(id=tenant[:12], tenant=tenant, sha256="0" * 64)
    named = replace(listed, name="old")
    record = new_record(NOON, ACTOR, "replace", KEYS, tenant, listed.id)
    registry.commit(
        [Write(resource=KEYS, tenant=tenant, id=listed.id, value=named, replacing="")], record
    )
    assert DynamoApiKeys(engine.client, engine.registry).key(listed.id) == named


def test_throttled_table_is_unavailable(engine, tenant) -> None:
    registry = DynamoRegistry(engine.client, engine.registry, engine.audit)

    with engine.failing("ThrottlingException"):
        for call in (
            lambda: registry.find(KEYS, tenant, "a"),
            lambda: registry.page(KEYS, tenant, None),
            lambda: registry.is_empty(tenant),
        ):
            with pytest.raises(UnavailableError):
                call()


@pytest.fixture
def commit_to():
    """Create the tenant in an engine; return the record."""

    def create(engine, tenant) -> Record:
        registry = DynamoRegistry(engine.client, engine.registry, engine.audit)
        made = Tenant(id=tenant)
        record = new_record(NOON, ACTOR, "create", TENANTS, tenant, tenant, after=made)
        one = Write(resource=TENANTS, tenant=tenant, id=tenant, value=made, replacing=None)
        registry.commit([one], record)
        return record

    return create


def test_fleet_registry_reads_what_operators_write(engine, tenant, commit_to, clock) -> None:
    commit_to(engine, tenant)
    registry = DynamoRegistry(engine.client, engine.registry, engine.audit)
    group = DeviceGroup(id=f"g-{tenant}", tenant=tenant, name="Quay", description="By the river")
    device = Device(id=f"d-{tenant}", tenant=tenant, group=group.id, name="Dock")
    for resource, value in ((GROUPS, group), (DEVICES, device)):
        record = new_record(NOON, ACTOR, "create", resource, tenant, value.id)
        one = Write(resource=resource, tenant=tenant, id=value.id, value=value, replacing=None)
        registry.commit([one], record)

    fleet = DynamoFleetRegistry(engine.client, engine.registry, clock)
    assert fleet.group(tenant, group.id) == replace(group, devices=(device,))
    assert fleet.device(device.id) == device


def test_missions_find_partners_of_operators(engine, tenant, clock) -> None:
    registry = DynamoRegistry(engine.client, engine.registry, engine.audit)
    partner = Client(
        id=f"{tenant}-app", tenant=tenant, name="App", role=Role.PILOT, key_id="0123456789ab",
        created_at=NOON, expires_at=clock() + HOUR, replaced_by="other",
    )  # fmt: skip
    for resource, value in ((TENANTS, Tenant(id=tenant)), (PARTNERS, partner)):
        record = new_record(clock(), ACTOR, "create", resource, tenant, value.id, after=value)
        write = Write(
            resource=resource, tenant=tenant, id=value.id, value=value, replacing=None
        )  # fmt: skip
        registry.commit([write], record)

    assert registry.find(PARTNERS, tenant, partner.id).value == partner
    assert registry.page(PARTNERS, tenant, None).entries == [partner]
    assert DynamoPartners(engine.client, engine.registry, clock).client(partner.id) == partner
