"""Notify the watchers of jobs and device groups of changes and readings.

AWS calls besides those of `broadcast`: a change of a job reads its device, if it has one. A reading
of a device in flight reads the status of its job. So a reading in flight makes 5 calls, and one
more for each share and connection of the job and of the group.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.missions.device import DeviceState
from jobs.missions.mission import mission_of, parse_job_id
from jobs.missions.ports import Fleet, FleetRegistry
from jobs.tracking.broadcast import Broadcast
from jobs.tracking.ports import MessageFormat
from jobs.tracking.resource import Resource, ResourceKind, job_resource


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyWatchers:
    repository: JobRepository
    registry: FleetRegistry
    fleet: Fleet
    messages: MessageFormat
    broadcast: Broadcast

    def notify_change(self, job: Job) -> None:
        state = read_device_state(job, self.fleet)
        self.broadcast(
            job_resource(job.ref),
            self.messages.job_message(job.status, state, at=job.changed_at),
            sequence=job.sequence,
            last=job.status.is_terminal,
        )

    def notify_readings(self, states: Iterable[DeviceState]) -> None:
        """Send the last state of each device. Failures are dropped: the next reading follows."""
        for state in {state.device: state for state in states}.values():
            with suppress(UnavailableError, RefusedError):
                self._notify_group(state)
            with suppress(UnavailableError, RefusedError):
                self._notify_job(state)

    def _notify_group(self, state: DeviceState) -> None:
        device = self.registry.device(state.device)
        if device is not None:
            group = Resource(tenant=device.tenant, kind=ResourceKind.GROUP, id=device.group)
            self.broadcast(group, self.messages.device_message(state))

    def _notify_job(self, state: DeviceState) -> None:
        """Send nothing for a job that has ended."""
        ref = _flown_job(state)
        try:
            status = self.repository.status_of(ref) if ref else None
        except JobNotFoundError:
            return
        if ref and status and not status.is_terminal:
            self.broadcast(job_resource(ref), self.messages.job_message(status, state))


def read_device_state(job: Job, fleet: Fleet) -> DeviceState | None:
    order = mission_of(job).order
    return fleet.states([order.device])[order.device] if order else None


def _flown_job(state: DeviceState) -> JobRef | None:
    """Return the job that the device flies, if it has the lease for it."""
    order, lease = state.reading and state.reading.order, state.lease
    return lease.job if order and lease and lease.job.id == parse_job_id(order) else None
