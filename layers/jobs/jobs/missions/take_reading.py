"""What a device says of itself: kept, passed on, and a reason to give it work."""

from contextlib import suppress
from dataclasses import dataclass, replace

from jobs.core.errors import JobNotFoundError
from jobs.core.ids import is_uuid
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.missions.device import Device, DeviceState, Reading
from jobs.missions.mission import job_id_in
from jobs.missions.ports import Fleet, FleetRegistry, MissionQueue, WaitingMissions, Watchers
from jobs.missions.take_report import TakeReport


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeReading:
    """`silence` is how long a device may say nothing of the mission that it has."""

    repository: JobRepository
    registry: FleetRegistry
    fleet: Fleet
    waiting: WaitingMissions
    queue: MissionQueue
    take_report: TakeReport
    watchers: Watchers
    clock: Clock
    silence: Millis

    def __call__(self, reading: Reading) -> None:
        """Readings of unknown devices, and those that newer ones have overtaken, are nothing."""
        device = self.registry.device(reading.device)
        if device is None:
            return
        states = self.fleet.report(reading, hold=self.silence)
        if states is None:
            return
        before, after = states
        for order in _taken_up_or_put_down(before, reading):
            with suppress(UnavailableError):  # whoever watches the mission finds it out
                self.take_report(order, device.id)
        after = self._without_done_mission(after)
        self.watchers.read([after])
        now = self.clock()
        was_free = before.is_free(before.seen_at) and before.is_free(now)  # and in reach ever since
        if after.is_free(now) and not was_free:
            self._find_work(device)

    def _without_done_mission(self, state: DeviceState) -> DeviceState:
        """Free a device that is back from a mission whose end it could not report."""
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

    def _find_work(self, device: Device) -> None:
        for first in self.waiting.waiting(device.tenant, device.group, limit=1):
            self.queue.send(first.ref)


def _taken_up_or_put_down(before: DeviceState, reading: Reading) -> set[str]:
    """The orders that the device works on since this reading, or no more."""
    last = before.reading.order if before.reading else None
    return {order for order in {last} ^ {reading.order} if order and is_uuid(job_id_in(order))}
