"""The current state of a watched resource, as messages to its watchers."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.core.job import JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.missions.mission import KIND
from jobs.missions.ports import Fleet, FleetRegistry
from jobs.tracking.change import change_of
from jobs.tracking.notify_watchers import read_device_state
from jobs.tracking.ports import Message, MessageFormat
from jobs.tracking.resource import Resource, ResourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The current state of a resource. `last` means that no change will follow."""

    messages: Sequence[Message]
    sequence: int
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSnapshot:
    repository: JobRepository
    registry: FleetRegistry
    fleet: Fleet
    messages: MessageFormat
    clock: Clock

    def __call__(self, resource: Resource) -> Snapshot:
        """Raises `JobNotFoundError`."""
        if resource.kind is ResourceKind.JOB:
            return self._job_snapshot(resource)
        group = self.registry.group(resource.tenant, resource.id)
        states = self.fleet.states([device.id for device in group.devices])
        now = self.clock()
        messages = [self.messages.device_message(states[each.id], at=now) for each in group.devices]
        return Snapshot(messages=messages, sequence=1)

    def _job_snapshot(self, resource: Resource) -> Snapshot:
        ref = JobRef(tenant=resource.tenant, kind=KIND, id=resource.id)
        now = self.clock()
        job = self.repository.get(ref).as_of(now)
        state = read_device_state(change_of(job).device, self.fleet)
        message = self.messages.job_message(job.status, state, at=now)
        return Snapshot(messages=[message], sequence=job.sequence, last=job.status.is_terminal)
