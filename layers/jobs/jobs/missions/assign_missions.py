"""Assign the free devices of a group to its waiting missions."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from jobs.core.change_job import change_job
from jobs.core.errors import JobEndedError, JobError, JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import RefusedError
from jobs.missions.device import DeviceGroup, DeviceState
from jobs.missions.errors import DeviceGroupNotFoundError
from jobs.missions.mission import (
    WaitingMission,
    assign_order,
    format_order_id,
    mission_of,
    order_id_of,
)
from jobs.missions.ports import Fleet, FleetRegistry, Orders, WaitingMissions

ORDER_TIMEOUT_MS: Final[Millis] = 30_000
"""A device must accept its order within this time, or the order is withdrawn."""

_MAX_EXAMINED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignMissions:
    """`silence_timeout` is the longest time between two reports of a device in flight."""

    repository: JobRepository
    queue: WaitingMissions
    registry: FleetRegistry
    fleet: Fleet
    orders: Orders
    clock: Clock
    silence_timeout: Millis
    max_flight: Millis

    def __call__(self, tenant: str, group_id: str, queued: Job | None = None) -> None:
        """Assign by highest priority, then oldest mission, then lowest device id.

        `queued` is a mission that was queued just now: the index may not contain it yet.
        """
        try:
            group = self.registry.group(tenant, group_id)
        except DeviceGroupNotFoundError:
            return
        free = self._find_free(group)
        if not free:
            return
        waiting = self.queue.list_waiting(tenant, group_id, limit=_MAX_EXAMINED)
        for each in _rank(waiting, queued):
            for device in [d for d in free if can_fly(d, each)]:
                if self.assign_device(each.ref, device):
                    free.remove(device)
                    break

    def _find_free(self, group: DeviceGroup) -> list[str]:
        ids = sorted(device.id for device in group.devices)
        states, now = self.fleet.states(ids), self.clock()
        return [
            each for each in ids if states[each].is_free(now) and not self._is_held(states[each])
        ]

    def _is_held(self, state: DeviceState) -> bool:
        """Return whether a running mission has the device, although its lease has expired."""
        if state.lease is None:
            return False
        try:
            job = self.repository.get(state.lease.job)
        except JobNotFoundError:
            return False
        order = mission_of(job).order
        if order is None or job.as_of(self.clock()).status.is_terminal:
            return False
        return (order.device, order.fence) == (state.device, state.lease.fence)

    def assign_device(self, ref: JobRef, device: str) -> bool:
        """Lease the device, store its order, then send the order; each step can be repeated.

        After a crash, an unused lease expires, and `WatchMission` sends an unsent
        order. Returns False if another mission has the device.
        """
        now = self.clock()
        fence = self.fleet.lease(
            device, ref, until=now + 2 * ORDER_TIMEOUT_MS + self.silence_timeout
        )
        if fence is None:
            return False
        try:
            job = change_job(
                self.repository,
                ref,
                lambda job: assign_order(job.as_of(now), device, fence=fence, now=now),
            )
        except JobError:
            self.fleet.release(device, fence=fence)
            return False
        self.send_order(job)
        return True

    def send_order(self, job: Job) -> None:
        """Send the job's order to its device. Idempotent.

        An order that is refused for good ends the job, and its end releases the device. An order
        of a job that has ended meanwhile is recalled: `SettleMission` may have come too early.
        """
        if (order := mission_of(job).order) is None:
            return
        name = format_order_id(job.id, order)
        try:
            self.orders.send(name, order.device, self._to_document(job, order.fence, name))
        except RefusedError as error:
            self._fail(job.ref, name, f"The order cannot be sent to a device. {error}")
            return
        if not self._is_current(job.ref, name):
            self.orders.recall(name)

    def _is_current(self, ref: JobRef, order: str) -> bool:
        try:
            job = self.repository.get(ref).as_of(self.clock())
        except JobNotFoundError:
            return False
        return order_id_of(job) == order and not job.status.is_terminal

    def _fail(self, ref: JobRef, order: str, reason: str) -> None:
        def fail(job: Job) -> Job:
            return job.fail(reason, now=self.clock()) if order_id_of(job) == order else job

        with suppress(JobEndedError, JobNotFoundError):
            change_job(self.repository, ref, fail)

    def _to_document(self, job: Job, fence: int, name: str) -> Mapping[str, Any]:
        simulate = job.request["metadata"].get("simulate")
        return {
            "orderId": name,
            "jobId": job.id,
            "fence": fence,
            "action": job.request["action"],
            "waypoints": job.request["waypoints"],
            "maxFlightSeconds": self.max_flight // 1000,
            **({"simulate": simulate} if simulate else {}),
        }


def can_fly(device: str, waiting: WaitingMission) -> bool:
    """Return whether the mission allows the device, and the device has not declined it."""
    mission = waiting.mission
    return mission.device in {None, device} and device not in mission.declined


def _rank(waiting: Iterable[WaitingMission], queued: Job | None) -> list[WaitingMission]:
    found = {each.ref: each for each in waiting}
    if queued is not None:
        found[queued.ref] = WaitingMission(ref=queued.ref, mission=mission_of(queued))
    return sorted(found.values(), key=lambda each: (-each.mission.priority, each.ref.id))
