"""Device groups, devices and plans."""

from dataclasses import replace
from uuid import uuid4

import pytest

from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup, Plan
from jobs.missions.errors import DeviceGroupNotFoundError, IdTakenError, PlanNotFoundError

MINUTE = 60_000
PLAN = Plan(
    id="round", name="Okružní let 🚁", waypoints=((9.967, 53.5455, 40.0), (9.97, 53.54, 45.5))
)


@pytest.fixture
def a_group(tenant):
    """Make a group with this many devices, with unique ids."""

    def make(*, devices: int = 2, **about) -> DeviceGroup:
        sane = {"id": f"g-{uuid4()}", "tenant": tenant, "name": "Quay", "description": "By the 🚢"}
        group = DeviceGroup(**sane | about)
        ids = sorted(f"d:{uuid4()}" for _ in range(devices))
        owned = [
            Device(
                id=id_,
                tenant=group.tenant,
                group=group.id,
                name=f"Dock {n}",
                range_m=n * 1000 or None,
            )
            for n, id_ in enumerate(ids)
        ]
        return replace(group, devices=tuple(owned))

    return make


@pytest.fixture
def registry_table(engine, clock) -> DynamoFleetRegistry:
    """The registry on a table only."""
    return DynamoFleetRegistry(engine.client, engine.registry, clock)


def test_groups_are_read_back_sorted_by_id(fleet_registry, tenant, a_group) -> None:
    groups = [a_group(id=f"{tenant}-{n}", devices=n) for n in (2, 0, 1)]
    for group in groups:
        fleet_registry.put_group(group)

    assert [*fleet_registry.groups(tenant)] == [groups[1], groups[2], groups[0]]
    assert fleet_registry.group(tenant, groups[0].id) == groups[0]


def test_device_is_found_by_id(fleet_registry, a_group) -> None:
    fleet_registry.put_group(group := a_group())

    assert fleet_registry.device(group.devices[1].id) == group.devices[1]
    assert fleet_registry.device("nobody's") is None


def test_plan_is_read_back(fleet_registry, tenant) -> None:
    fleet_registry.put_plan(tenant, PLAN)

    assert fleet_registry.plan(tenant, PLAN.id) == PLAN


def test_plans_are_listed_by_id_page_by_page(fleet_registry, tenant) -> None:
    plans = [replace(PLAN, id=id_) for id_ in ("a", "b 🚁", "c")]
    for plan in reversed(plans):
        fleet_registry.put_plan(tenant, plan)
    fleet_registry.put_plan(f"{tenant}-rival", PLAN)

    first = fleet_registry.list_plans(tenant, limit=2)
    second = fleet_registry.list_plans(tenant, limit=2, after=first.next)

    assert [*first.plans, *second.plans] == plans
    assert (first.next, second.next) == ("b 🚁", None)


def test_resources_of_other_organisation_are_not_found(fleet_registry, tenant, a_group) -> None:
    fleet_registry.put_group(group := a_group())
    fleet_registry.put_plan(tenant, PLAN)

    assert not fleet_registry.groups(f"{tenant}-rival")
    with pytest.raises(DeviceGroupNotFoundError):
        fleet_registry.group(f"{tenant}-rival", group.id)
    with pytest.raises(PlanNotFoundError):
        fleet_registry.plan(f"{tenant}-rival", PLAN.id)


def test_register_id_of_other_organisation_is_rejected(fleet_registry, tenant, a_group) -> None:
    fleet_registry.put_group(group := a_group(devices=1))
    [device] = group.devices
    other = a_group(tenant=f"{tenant}-rival", devices=0)
    stolen = replace(device, tenant=other.tenant, group=other.id)

    with pytest.raises(IdTakenError, match=group.id):
        fleet_registry.put_group(replace(other, id=group.id))
    with pytest.raises(IdTakenError, match=device.id):
        fleet_registry.put_group(replace(other, devices=(stolen,)))

    assert fleet_registry.group(tenant, group.id) == group
    assert fleet_registry.device(device.id) == device


def test_register_again_replaces_group_and_moves_device(fleet_registry, tenant, a_group) -> None:
    old, new = a_group(devices=1), a_group(devices=0)
    moved = replace(old.devices[0], group=new.id, name="Moved")
    fleet_registry.put_group(old)

    fleet_registry.put_group(replace(new, name="Pit", devices=(moved,)))

    assert fleet_registry.group(tenant, old.id).devices == ()
    assert fleet_registry.group(tenant, new.id) == replace(new, name="Pit", devices=(moved,))
    assert fleet_registry.device(moved.id) == moved


def test_new_group_is_found_despite_cache(fleet_registry, tenant, a_group) -> None:
    fleet_registry.put_group(a_group())
    fleet_registry.groups(tenant)

    fleet_registry.put_group(group := a_group())

    assert fleet_registry.group(tenant, group.id) == group


def test_cached_group_is_read_again_after_a_minute(
    registry_table, engine, clock, tenant, a_group
) -> None:
    registry_table.put_group(group := a_group(devices=1))
    registry_table.put_plan(tenant, PLAN)

    with engine.calls() as calls:
        for wait in (0, MINUTE - 1, 1):
            clock.advance(wait)
            registry_table.groups(tenant)
            registry_table.group(tenant, group.id)
            registry_table.device(group.devices[0].id)
            registry_table.plan(tenant, PLAN.id)

    assert calls == 2 * ["Query", "GetItem", "GetItem"]


def test_cached_plan_is_not_found_by_other_organisation(registry_table, tenant) -> None:
    rival = replace(PLAN, name="Other")
    registry_table.put_plan(tenant, PLAN)
    registry_table.put_plan(f"{tenant}-rival", rival)

    assert registry_table.plan(tenant, PLAN.id) == PLAN
    assert registry_table.plan(f"{tenant}-rival", PLAN.id) == rival


def test_groups_of_several_pages_are_all_found(registry_table, tenant, a_group) -> None:
    groups = [a_group(id=f"{tenant}-{n}", description="x" * 300_000) for n in range(5)]
    for group in groups:
        registry_table.put_group(group)

    assert [*registry_table.groups(tenant)] == groups
