"""Give the free devices of a group to the missions that wait for one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jobs.core.change_job import change_job
from jobs.core.errors import JobError, JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.missions.device import DeviceGroup, DeviceState
from jobs.missions.errors import DeviceGroupNotFoundError
from jobs.missions.mission import Waiting, mission_of, order_id, ordered
from jobs.missions.ports import Fleet, FleetRegistry, Orders, WaitingMissions

PATIENCE: Final[Millis] = 30_000
"""A device that has not accepted its order by then is taken to be out of order."""

_MOST_EXAMINED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignMissions:
    """`silence` is how long a device may say nothing of its mission; `longest` a flight."""

    repository: JobRepository
    queue: WaitingMissions
    registry: FleetRegistry
    fleet: Fleet
    orders: Orders
    clock: Clock
    silence: Millis
    longest: Millis

    def __call__(self, tenant: str, group_id: str, newcomer: Job | None = None) -> None:
        """Highest priority first, then oldest; among devices, by their ids.

        `newcomer` has just been queued, so that the queue may not show it yet.
        """
        try:
            group = self.registry.group(tenant, group_id)
        except DeviceGroupNotFoundError:
            return
        free = self._free(group)
        if not free:
            return
        waiting = self.queue.waiting(tenant, group_id, limit=_MOST_EXAMINED)
        for each in _ranked(waiting, newcomer):
            for device in [d for d in free if may_fly(d, each)]:
                if self.give(each.ref, device):
                    free.remove(device)
                    break

    def _free(self, group: DeviceGroup) -> list[str]:
        ids = sorted(device.id for device in group.devices)
        states, now = self.fleet.states(ids), self.clock()
        return [each for each in ids if states[each].is_free(now) and not self._held(states[each])]

    def _held(self, state: DeviceState) -> bool:
        """Whether a mission still counts on the device, though its lease has run out meanwhile."""
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

    def give(self, ref: JobRef, device: str) -> bool:
        """Lease the device, then note its order, then send that: each can be done again.

        A crash after the lease leaves it to run out; one before the sending
        leaves an order that whoever watches the mission sends.
        """
        now = self.clock()
        fence = self.fleet.lease(device, ref, until=now + 2 * PATIENCE + self.silence)
        if fence is None:
            return False
        try:
            job = change_job(
                self.repository,
                ref,
                lambda job: ordered(job.as_of(now), device, fence=fence, now=now),
            )
        except JobError:
            self.fleet.release(device, fence=fence)
            return False
        self.send(job)
        return True

    def send(self, job: Job) -> None:
        order, name = mission_of(job).order, order_id(job)
        if order is not None and name is not None:
            self.orders.send(name, order.device, self._document(job, order.fence, name))

    def _document(self, job: Job, fence: int, name: str) -> Mapping[str, Any]:
        simulate = job.request["metadata"].get("simulate")
        return {
            "orderId": name,
            "jobId": job.id,
            "fence": fence,
            "action": job.request["action"],
            "waypoints": job.request["waypoints"],
            "maxFlightSeconds": self.longest // 1000,
            **({"simulate": simulate} if simulate else {}),
        }


def may_fly(device: str, waiting: Waiting) -> bool:
    mission = waiting.mission
    return mission.device in {None, device} and device not in mission.declined


def _ranked(waiting: Iterable[Waiting], newcomer: Job | None) -> list[Waiting]:
    found = {each.ref: each for each in waiting}
    if newcomer is not None:
        found[newcomer.ref] = Waiting(ref=newcomer.ref, mission=mission_of(newcomer))
    return sorted(found.values(), key=lambda each: (-each.mission.priority, each.ref.id))
