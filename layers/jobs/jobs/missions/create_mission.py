"""Create a mission. Its waypoints are fixed here: later changes of the plan do not matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from jobs.core.create_job import add_once
from jobs.core.ids import new_job_id, tenant_tag
from jobs.core.job import Job
from jobs.core.ports import JobRepository
from jobs.core.webhook import Webhook
from jobs.kit.clock import Clock, Millis
from jobs.missions.device import fit_into_order
from jobs.missions.errors import DeviceNotFoundError, DeviceOfflineError, PlanTooLargeError
from jobs.missions.mission import Mission
from jobs.missions.ports import Fleet, FleetRegistry

_DEFAULT_ALTITUDE_M: Final = 50.0
"""For a `place` without an altitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMission:
    """A create request, independent of its wire format.

    `plan` is the id of a registered mission. Without one, `place` is the target:
    `[longitude °, latitude °]`, optionally with an altitude above the take-off point. Without
    both, the drone hovers above its dock. `request` is stored unchanged. `key_id` is the client's.
    """

    tenant: str
    kind: str
    name: str
    group: str
    priority: int
    action: Literal["MISSION", "HOVER", "ORBIT"]
    request: Mapping[str, Any]
    request_hash: str
    idempotency_key: str | None
    description: str | None = None
    device: str | None = None
    online_only: bool = False
    plan: str | None = None
    place: Sequence[float] | None = None
    scheduled_at: Millis | None = None
    webhook: Webhook | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateMission:
    """`device_wait` is how long a due mission waits for a device before it fails."""

    repository: JobRepository
    registry: FleetRegistry
    fleet: Fleet
    clock: Clock
    retention: Millis
    device_wait: Millis
    stack: str
    shards: int = 1

    def __call__(self, new: NewMission) -> Job:
        """Return the new job, or the current state of the first job of the same key.

        Raises `DeviceGroupNotFoundError`, `DeviceNotFoundError`, `PlanNotFoundError`,
        `PlanTooLargeError`, `DeviceOfflineError` (only with `online_only`),
        `IdempotencyConflictError`.
        """
        group = self.registry.group(new.tenant, new.group)
        if new.device is not None and new.device not in {device.id for device in group.devices}:
            raise DeviceNotFoundError(new.device)
        waypoints = self._resolve_waypoints(new)
        now = self.clock()
        if new.online_only and new.device is not None and not self._is_repeated(new):
            self._require_online(new.device, now)
        due_at = max(now, new.scheduled_at or now)
        job = Job(
            id=new_job_id(now, tag=tenant_tag(new.tenant, stack=self.stack), shards=self.shards),
            tenant=new.tenant,
            kind=new.kind,
            request={**new.request, "action": new.action, "waypoints": waypoints},
            created_at=now,
            changed_at=now,
            deadline=due_at + self.device_wait,
            retention=self.retention,
            webhook=new.webhook,
            key_id=new.key_id,
            details=Mission(
                name=new.name,
                description=new.description,
                group=new.group,
                device=new.device,
                start=(waypoints[0][0], waypoints[0][1]) if waypoints else None,
                priority=new.priority,
                scheduled_at=new.scheduled_at,
                due_at=due_at,
            ),
        )
        return add_once(
            self.repository, job, key=new.idempotency_key, request_hash=new.request_hash
        )

    def _resolve_waypoints(self, new: NewMission) -> list[list[float]]:
        plan = self.registry.plan(new.tenant, new.plan) if new.plan is not None else None
        if plan is not None and new.action == "MISSION":
            if not fit_into_order(plan.waypoints):  # registered by an older version
                raise PlanTooLargeError(plan.id)
            return [[*each] for each in plan.waypoints]
        return [[*new.place, _DEFAULT_ALTITUDE_M][:3]] if new.place else []

    def _is_repeated(self, new: NewMission) -> bool:
        """Return whether the key has a job already: it passed this check when it was created."""
        key = new.idempotency_key
        return key is not None and self.repository.has_key(new.tenant, new.kind, key)

    def _require_online(self, device: str, now: Millis) -> None:
        if not self.fleet.states([device])[device].is_online(now):
            raise DeviceOfflineError(device)
