"""Assign the free devices of a group to its waiting missions."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from jobs.core.change_job import change_job
from jobs.core.errors import JobEndedError, JobError, JobNotFoundError
from jobs.core.failure import Failure
from jobs.core.job import Job, JobRef
from jobs.core.log_failure import log_failure
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, RefusedError
from jobs.missions.device import Device, DeviceState
from jobs.missions.errors import DeviceGroupNotFoundError
from jobs.missions.mission import (
    WaitingMission,
    assign_order,
    format_order_id,
    mission_of,
    order_id_of,
    waits_for_device,
)
from jobs.missions.ports import Fleet, FleetRegistry, Orders, WaitingMissions

ORDER_TIMEOUT_MS: Final[Millis] = 30_000
"""A device must accept its order within this time, or the order is withdrawn."""

_REFUSED: Final = FailureClass.REFUSED
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
        states = self.fleet.states(sorted(device.id for device in group.devices))
        free = self._find_free(states)
        if not free and queued is None:
            return
        waiting = self.queue.list_waiting(tenant, group_id, limit=_MAX_EXAMINED) if free else []
        for each in _rank(waiting, queued):
            candidates = [device for device in group.devices if can_fly(device.id, each)]
            reasons = [_reason_against(each, device, states[device.id]) for device in candidates]
            if candidates and all(reasons):
                self._fail_waiting(each.ref, Failure(min(filter(None, reasons))[1], _REFUSED))
            able = {it.id for it, why in zip(candidates, reasons, strict=True) if not why}
            for device in [it for it in free if it in able]:
                if self.assign_device(each.ref, device):
                    free.remove(device)
                    break

    def _find_free(self, states: Mapping[str, DeviceState]) -> list[str]:
        now = self.clock()
        return [
            each
            for each, state in states.items()
            if state.is_free(now) and not self._is_held(state)
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
            reason = f"The order cannot be sent to a device. {error}"
            log_failure(job.ref, error)
            self._fail(job.ref, name, Failure(reason, FailureClass.REFUSED))
            return
        if not self._is_current(job.ref, name):
            self.orders.recall(name)

    def _is_current(self, ref: JobRef, order: str) -> bool:
        try:
            job = self.repository.get(ref).as_of(self.clock())
        except JobNotFoundError:
            return False
        return order_id_of(job) == order and not job.status.is_terminal

    def _fail_waiting(self, ref: JobRef, failure: Failure) -> None:
        """End a mission that waits for a device, so that its caller learns why none flies it."""

        def fail(job: Job) -> Job:
            return job.fail(failure, now=self.clock()) if waits_for_device(job) else job

        with suppress(JobEndedError, JobNotFoundError):
            change_job(self.repository, ref, fail)

    def _fail(self, ref: JobRef, order: str, failure: Failure) -> None:
        def fail(job: Job) -> Job:
            return job.fail(failure, now=self.clock()) if order_id_of(job) == order else job

        with suppress(JobEndedError, JobNotFoundError):
            change_job(self.repository, ref, fail)

    def _to_document(self, job: Job, fence: int, name: str) -> Mapping[str, Any]:
        simulate = job.request["metadata"].get("simulate")
        order = mission_of(job).order
        device = order and self.registry.device(order.device)
        range_m = device and device.range_m
        return {
            "orderId": name,
            "jobId": job.id,
            "fence": fence,
            "action": job.request["action"],
            "waypoints": job.request["waypoints"],
            "maxFlightSeconds": self.max_flight // 1000,
            **({"limits": {"rangeMeters": range_m}} if range_m else {}),
            **({"simulate": simulate} if simulate else {}),
        }


def can_fly(device: str, waiting: WaitingMission) -> bool:
    """Return whether the mission allows the device, and the device has not declined it."""
    mission = waiting.mission
    return mission.device in {None, device} and device not in mission.declined


def _reason_against(
    waiting: WaitingMission, device: Device, state: DeviceState
) -> tuple[float, str] | None:
    """Return how far the mission begins and a sentence, if that is out of the device's range."""
    start = waiting.mission.start
    metres = start and state.distance_to(start)
    if device.range_m is None or metres is None or metres <= device.range_m:
        return None
    return metres, (
        f"No device can reach the mission: it begins {metres:,.0f} m away from the dock"
        f" {device.id}, whose range is {device.range_m:,} m"
    )


def _rank(waiting: Iterable[WaitingMission], queued: Job | None) -> list[WaitingMission]:
    found = {each.ref: each for each in waiting}
    if queued is not None:
        found[queued.ref] = WaitingMission(ref=queued.ref, mission=mission_of(queued))
    return sorted(found.values(), key=lambda each: (-each.mission.priority, each.ref.id))
