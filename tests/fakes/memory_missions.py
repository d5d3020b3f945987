"""In-memory adapters of missions; tests/adapters checks their contract."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from jobs.core.rate_limit import Allowance, Limit
from jobs.kit.clock import Clock
from jobs.missions.device import Device, DeviceGroup, Plan
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


class InMemoryRateLimits:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._windows: dict[tuple[str, str], Allowance] = {}

    def take(self, owner: str, limit: Limit) -> Allowance:
        with self._lock:
            now = self._clock()
            window = self._windows.get((owner, limit.name))
            if window is None or window.resets_at <= now:
                window = Allowance(
                    limit=limit.max_requests,
                    remaining=limit.max_requests,
                    resets_at=now + limit.window,
                )
            if not window.remaining:
                return replace(window, granted=False)
            left = replace(window, remaining=window.remaining - 1)
            self._windows[owner, limit.name] = left
            return left
