"""Follow up a stored reading: apply changed orders, and assign a mission to a free device."""

from contextlib import suppress
from dataclasses import dataclass, replace

from jobs.core.errors import JobNotFoundError
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.kit.errors import UnavailableError
from jobs.missions.apply_report import ApplyReport
from jobs.missions.device import Device, DeviceState, StoredReading
from jobs.missions.ports import Fleet, FleetRegistry, MissionQueue, WaitingMissions


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowReading:
    repository: JobRepository
    registry: FleetRegistry
    fleet: Fleet
    waiting: WaitingMissions
    queue: MissionQueue
    apply_report: ApplyReport
    clock: Clock

    def __call__(self, reading: StoredReading) -> DeviceState | None:
        """Return the device's current state, which may be newer than the reading. Idempotent."""
        device = self.registry.device(reading.device)
        if device is None:
            return None
        for order in reading.orders:
            with suppress(UnavailableError):  # `WatchMission` repeats this
                self.apply_report(order, device.id)
        state = self._release_ended_mission(self.fleet.states([device.id])[device.id])
        if state.is_free(self.clock()) and not reading.was_free:
            self._send_next_mission(device)
        return state

    def _release_ended_mission(self, state: DeviceState) -> DeviceState:
        """Release a docked device whose mission has ended without its report."""
        lease, reading = state.lease, state.reading
        if lease is None or reading is None or reading.order is not None or not reading.docked:
            return state
        try:
            if not self.repository.status_of(lease.job).is_terminal:
                return state
        except JobNotFoundError:
            pass
        self.fleet.release(state.device, fence=lease.fence)
        return replace(state, lease=None)

    def _send_next_mission(self, device: Device) -> None:
        for first in self.waiting.list_waiting(device.tenant, device.group, limit=1):
            self.queue.send(first.ref)
