"""Device groups, devices and plans in the registry table."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Stored, Values, attributes, plain
from jobs.kit.aws.dynamodb.page import read_page
from jobs.kit.cache import Cache
from jobs.kit.clock import Clock
from jobs.missions.device import Device, DeviceGroup, Plan, PlanPage
from jobs.missions.errors import DeviceGroupNotFoundError, IdTakenError, PlanNotFoundError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_FIRST, _LAST = (
    "DEVICE#",
    "GROUP$",
)  # "$" follows "#": the range holds a tenant's devices and groups
_PLAN = "PLAN#"


class DynamoFleetRegistry:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._groups = Cache[Sequence[DeviceGroup]](clock)
        self._devices = Cache[Device](clock)
        self._plans = Cache[Plan](clock)

    def groups(self, tenant: str) -> Sequence[DeviceGroup]:
        return self._groups.get(tenant) or self._read_groups(tenant)

    def group(self, tenant: str, group_id: str) -> DeviceGroup:
        """Read the table again before raising: the cache may lack a new group."""
        kept = self._groups.get(tenant) or ()
        found = _find_group(kept, group_id) or _find_group(self._read_groups(tenant), group_id)
        if found is None:
            raise DeviceGroupNotFoundError(group_id)
        return found

    def device(self, device_id: str) -> Device | None:
        if known := self._devices.get(device_id):
            return known
        row = self._get_item(f"DEVICE#{device_id}", "DEVICE")
        if row is None:
            return None
        return self._devices.put(device_id, value=_to_device(device_id, row["tenant"], row))

    def plan(self, tenant: str, plan_id: str) -> Plan:
        if known := self._plans.get(tenant, plan_id):
            return known
        row = self._get_item(f"TENANT#{tenant}", f"{_PLAN}{plan_id}")
        if row is None:
            raise PlanNotFoundError(plan_id)
        return self._plans.put(tenant, plan_id, value=_to_plan(row))

    def list_plans(self, tenant: str, *, limit: int, after: str | None = None) -> PlanPage:
        first = f"{_PLAN}{after or ''}"
        query = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :first AND :last",
            "ExpressionAttributeValues": attributes(
                {":pk": f"TENANT#{tenant}", ":first": first, ":last": f"{_PLAN}\U0010ffff"}
            ),
        }
        page = read_page(self._client, query, size_of=_route_size, after=first, limit=limit)
        following = page.last and page.last.removeprefix(_PLAN)
        return PlanPage(plans=[_to_plan(plain(item)) for item in page.items], next=following)

    def put_group(self, group: DeviceGroup) -> None:
        """Register a group and its devices. Raises `IdTakenError`."""
        about: Values = {"name": group.name, "description": group.description}
        self._register(f"GROUP#{group.id}", "GROUP", group.tenant, {})
        self._put({"PK": f"TENANT#{group.tenant}", "SK": f"GROUP#{group.id}", **about})
        for device in group.devices:
            of_group: Values = {
                "name": device.name,
                "group": group.id,
                "range_m": device.range_m,
            }
            self._register(f"DEVICE#{device.id}", "DEVICE", group.tenant, of_group)
            self._put({"PK": f"TENANT#{group.tenant}", "SK": f"DEVICE#{device.id}", **of_group})

    def put_plan(self, tenant: str, plan: Plan) -> None:
        about = {"name": plan.name, "waypoints": json.dumps(plan.waypoints)}
        self._put({"PK": f"TENANT#{tenant}", "SK": f"{_PLAN}{plan.id}", **about})

    def _read_groups(self, tenant: str) -> Sequence[DeviceGroup]:
        with convert_aws_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :pk AND SK BETWEEN :first AND :last",
                ExpressionAttributeValues=attributes(
                    {":pk": f"TENANT#{tenant}", ":first": _FIRST, ":last": _LAST}
                ),
            )
            rows = [plain(item) for page in pages for item in page["Items"]]
        return self._groups.put(tenant, value=_to_groups(tenant, rows))

    def _get_item(self, pk: str, sk: str) -> dict[str, Any] | None:
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table, Key=attributes({"PK": pk, "SK": sk})
            ).get("Item")
        return plain(found) if found else None

    def _register(self, pk: str, sk: str, tenant: str, about: Values) -> None:
        with convert_aws_errors():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=attributes({"PK": pk, "SK": sk, "tenant": tenant, **about}),
                    ConditionExpression="attribute_not_exists(PK) OR tenant = :tenant",
                    ExpressionAttributeValues=attributes({":tenant": tenant}),
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                raise IdTakenError(pk.partition("#")[2]) from error

    def _put(self, row: Values) -> None:
        with convert_aws_errors():
            self._client.put_item(TableName=self._table, Item=attributes(row))


def _to_plan(row: Mapping[str, Any]) -> Plan:
    waypoints = tuple(map(tuple, json.loads(row["waypoints"])))
    return Plan(id=row["SK"].removeprefix(_PLAN), name=row["name"], waypoints=waypoints)


def _to_device(device_id: str, tenant: str, row: Mapping[str, Any]) -> Device:
    return Device(
        id=device_id,
        tenant=tenant,
        group=row["group"],
        name=row["name"],
        range_m=row.get("range_m"),
    )


def _route_size(item: Stored) -> int:
    return len(item["waypoints"]["S"])


def _find_group(groups: Sequence[DeviceGroup], group_id: str) -> DeviceGroup | None:
    return next((group for group in groups if group.id == group_id), None)


def _to_groups(tenant: str, rows: Sequence[dict[str, Any]]) -> Sequence[DeviceGroup]:
    """Put devices into their groups; rows are sorted by id, devices first."""
    devices = [
        _to_device(row["SK"].removeprefix("DEVICE#"), tenant, row)
        for row in rows
        if row["SK"].startswith("DEVICE#")
    ]
    return [
        DeviceGroup(
            id=group_id,
            tenant=tenant,
            name=row["name"],
            description=row["description"],
            devices=tuple(device for device in devices if device.group == group_id),
        )
        for row in rows
        if (group_id := row["SK"].removeprefix("GROUP#")) != row["SK"]
    ]
