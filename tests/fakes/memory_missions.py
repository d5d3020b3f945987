"""In-memory adapters of missions; tests/adapters checks their contract."""

from collections.abc import Sequence
from dataclasses import replace

from jobs.missions.device import Device, DeviceGroup, Plan, PlanPage
from jobs.missions.errors import DeviceGroupNotFoundError, IdTakenError, PlanNotFoundError


class InMemoryFleetRegistry:
    def __init__(self) -> None:
        self._groups: dict[str, DeviceGroup] = {}
        self._devices: dict[str, Device] = {}
        self._plans: dict[tuple[str, str], Plan] = {}

    def groups(self, tenant: str) -> Sequence[DeviceGroup]:
        return [
            replace(
                group,
                devices=tuple(each for _, each in sorted(self._devices.items())
                              if each.group == group.id),
            )
            for _, group in sorted(self._groups.items())
            if group.tenant == tenant
        ]  # fmt: skip

    def group(self, tenant: str, group_id: str) -> DeviceGroup:
        for group in self.groups(tenant):
            if group.id == group_id:
                return group
        raise DeviceGroupNotFoundError(group_id)

    def device(self, device_id: str) -> Device | None:
        return self._devices.get(device_id)

    def plan(self, tenant: str, plan_id: str) -> Plan:
        try:
            return self._plans[tenant, plan_id]
        except KeyError:
            raise PlanNotFoundError(plan_id) from None

    def list_plans(self, tenant: str, *, limit: int, after: str | None = None) -> PlanPage:
        own = sorted(id_ for of, id_ in self._plans if of == tenant and id_ > (after or ""))
        page = [self._plans[tenant, id_] for id_ in own[:limit]]
        return PlanPage(plans=page, next=page[-1].id if len(own) > limit else None)

    def put_group(self, group: DeviceGroup) -> None:
        _refuse_if_anothers(self._groups.get(group.id), group)
        self._groups[group.id] = group
        for device in group.devices:
            _refuse_if_anothers(self._devices.get(device.id), device)
            self._devices[device.id] = device

    def put_plan(self, tenant: str, plan: Plan) -> None:
        self._plans[tenant, plan.id] = plan


def _refuse_if_anothers(known: DeviceGroup | Device | None, new: DeviceGroup | Device) -> None:
    if known and known.tenant != new.tenant:
        raise IdTakenError(new.id)
