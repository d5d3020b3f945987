"""Store a device's reading, notify watchers, and assign the device a mission if it is free."""

from contextlib import suppress
from dataclasses import dataclass, replace

from jobs.core.errors import JobNotFoundError
from jobs.core.ids import is_uuid
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.missions.apply_report import ApplyReport
from jobs.missions.device import Device, DeviceState, Reading
from jobs.missions.mission import parse_job_id
from jobs.missions.ports import Fleet, FleetRegistry, MissionQueue, WaitingMissions, WatcherNotifier


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReading:
    """`silence_timeout` is the longest time between two readings of a device in flight."""

    repository: JobRepository
    registry: FleetRegistry
    fleet: Fleet
    waiting: WaitingMissions
    queue: MissionQueue
    apply_report: ApplyReport
    watchers: WatcherNotifier
    clock: Clock
    silence_timeout: Millis

    def __call__(self, reading: Reading) -> None:
        """Ignores readings of unknown devices, and readings older than the stored one."""
        device = self.registry.device(reading.device)
        if device is None:
            return
        states = self.fleet.store_reading(reading, hold=self.silence_timeout)
        if states is None:
            return
        before, after = states
        for order in _changed_orders(before, reading):
            with suppress(UnavailableError):  # `WatchMission` repeats this
                self.apply_report(order, device.id)
        after = self._release_ended_mission(after)
        self.watchers.notify_readings([after])
        now = self.clock()
        was_free = before.is_free(before.seen_at) and before.is_free(now)  # and online ever since
        if after.is_free(now) and not was_free:
            self._send_next_mission(device)

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


def _changed_orders(before: DeviceState, reading: Reading) -> set[str]:
    """Return the orders that the device has started or finished since its last reading."""
    last = before.reading.order if before.reading else None
    return {order for order in {last} ^ {reading.order} if order and is_uuid(parse_job_id(order))}
