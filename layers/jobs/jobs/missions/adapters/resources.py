"""Device groups, devices and missions as operators manage them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from jobs.core.entry import parse_entry
from jobs.core.resource import Resource, Row, Values
from jobs.kit.iso_time import iso
from jobs.missions.adapters import partners
from jobs.missions.device import Device, DeviceGroup, Plan
from jobs.missions.entries import DeviceOfGroup, GroupFields, MissionEntry, to_device, to_plan
from jobs.missions.partner import Client


def _parse_group(tenant: str, fields: Mapping[str, Any]) -> DeviceGroup:
    entry = parse_entry(GroupFields, fields)
    return DeviceGroup(id=entry.id, tenant=tenant, name=entry.name, description=entry.description)


def _show_group(group: DeviceGroup) -> dict[str, Any]:
    return {"id": group.id, "name": group.name, "description": group.description}


def _group_from_row(tenant: str, group_id: str, row: Row) -> DeviceGroup:
    return DeviceGroup(id=group_id, tenant=tenant, name=row["name"], description=row["description"])


def _parse_device(tenant: str, fields: Mapping[str, Any]) -> Device:
    entry = parse_entry(DeviceOfGroup, fields)
    return to_device(tenant, entry.groupId, entry)


def _show_device(device: Device) -> dict[str, Any]:
    about = {"id": device.id, "name": device.name, "groupId": device.group}
    return about if device.range_m is None else {**about, "rangeMeters": device.range_m}


def _device_to_row(device: Device) -> Values:
    return {"name": device.name, "group": device.group, "range_m": device.range_m}


def _device_from_row(tenant: str, device_id: str, row: Row) -> Device:
    return Device(
        id=device_id,
        tenant=tenant,
        group=row["group"],
        name=row["name"],
        range_m=row.get("range_m"),
    )


def _parse_mission(tenant: str, fields: Mapping[str, Any]) -> Plan:
    return to_plan(parse_entry(MissionEntry, fields))


def _show_mission(plan: Plan) -> dict[str, Any]:
    return {"id": plan.id, "name": plan.name, "waypoints": list(map(list, plan.waypoints))}


def _mission_to_row(plan: Plan) -> Values:
    return {"name": plan.name, "waypoints": json.dumps(plan.waypoints)}


def _mission_from_row(tenant: str, plan_id: str, row: Row) -> Plan:
    waypoints = tuple(map(tuple, json.loads(row["waypoints"])))
    return Plan(id=plan_id, name=row["name"], waypoints=waypoints)


def _show_partner(client: Client) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": client.id,
        "name": client.name,
        "role": client.role.name.lower(),
    }
    if client.key_id:
        shown["keyId"] = client.key_id
    if client.created_at is not None:
        shown["createdAt"] = iso(client.created_at)
    if client.expires_at is not None:
        shown["expiresAt"] = iso(client.expires_at)
    if client.replaced_by:
        shown["replacedBy"] = client.replaced_by
    return shown


GROUPS: Final[Resource[DeviceGroup]] = Resource(
    name="device-groups",
    label="GROUP",
    parse=_parse_group,
    show=_show_group,
    to_row=lambda group: {"name": group.name, "description": group.description},
    from_row=_group_from_row,
    claim=lambda group: {},
)
DEVICES: Final[Resource[Device]] = Resource(
    name="devices",
    label="DEVICE",
    parse=_parse_device,
    show=_show_device,
    to_row=_device_to_row,
    from_row=_device_from_row,
    claim=_device_to_row,
    parent=("device-groups", lambda device: device.group),
)
MISSIONS: Final[Resource[Plan]] = Resource(
    name="missions",
    label="PLAN",
    parse=_parse_mission,
    show=_show_mission,
    to_row=_mission_to_row,
    from_row=_mission_from_row,
)
PARTNERS: Final[Resource[Client]] = Resource(
    name="partners",
    label="CLIENT",
    home="own",
    show=_show_partner,
    to_row=partners.to_row,
    from_row=partners.from_row,
)
