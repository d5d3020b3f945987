"""Notify the watchers of jobs and device groups of changes and readings.

AWS calls besides those of `broadcast`: a change of a job reads its device, if it has one, and the
last published change. A reading of a device in flight reads the status of its job. So a reading in
flight makes 5 calls, and one more for each share and connection of the job and of the group.
"""

from contextlib import suppress
from dataclasses import dataclass

from jobs.core.errors import JobNotFoundError
from jobs.core.job import JobRef
from jobs.core.ports import JobRepository
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.missions.device import DeviceState
from jobs.missions.mission import parse_job_id
from jobs.missions.ports import Fleet, FleetRegistry
from jobs.tracking.broadcast import Broadcast
from jobs.tracking.change import MissionChange, change_of
from jobs.tracking.ports import Connections, Message, MessageFormat
from jobs.tracking.resource import Resource, ResourceKind, job_resource


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyWatchers:
    repository: JobRepository
    registry: FleetRegistry
    fleet: Fleet
    connections: Connections
    messages: MessageFormat
    broadcast: Broadcast

    def notify_change(self, change: MissionChange) -> None:
        """Send a change, unless a newer one has been sent. Idempotent.

        Workers may have overtaken this one while it was sending. Then it sends the latest change
        again, so that the last message that watchers get is the latest one.
        """
        resource = job_resource(change.ref)
        sent = self._send_change(change)
        with suppress(JobNotFoundError):
            while sent and self.connections.last_published(resource) > change.sequence:
                change = change_of(self.repository.get(change.ref))
                self.broadcast.repeat(resource, self._to_message(change))

    def _send_change(self, change: MissionChange) -> bool:
        return self.broadcast(
            job_resource(change.ref),
            self._to_message(change),
            sequence=change.sequence,
            last=change.status.is_terminal,
        )

    def _to_message(self, change: MissionChange) -> Message:
        state = read_device_state(change.device, self.fleet)
        return self.messages.job_message(change.status, state, at=change.changed_at)

    def notify_reading(self, state: DeviceState) -> None:
        """Send the state of a device. Failures are dropped: the next reading follows."""
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


def read_device_state(device: str | None, fleet: Fleet) -> DeviceState | None:
    return None if device is None else fleet.states([device])[device]


def _flown_job(state: DeviceState) -> JobRef | None:
    """Return the job that the device flies, if it has the lease for it."""
    order, lease = state.reading and state.reading.order, state.lease
    return lease.job if order and lease and lease.job.id == parse_job_id(order) else None
