"""Send a new WebSocket connection the current state before any update.

The connection is stored before its socket opens. `Broadcast` leaves it out until it has its
initial state. Changes in the meantime are sent here too, so that none is lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from jobs.core.errors import JobNotFoundError
from jobs.core.job import JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.missions.mission import KIND
from jobs.missions.ports import Fleet, FleetRegistry
from jobs.tracking.broadcast import Broadcast
from jobs.tracking.connection import Connection, ConnectionEndedError, SocketGoneError
from jobs.tracking.notify_watchers import read_device_state
from jobs.tracking.ports import Connections, Message, MessageFormat, Sockets
from jobs.tracking.resource import Resource, ResourceKind

_RETRY_DELAYS_S: Final = (0.05, 0.1, 0.2, 0.4)
"""Delays between attempts to reach a socket that may not be open yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    """The current state of a resource. `last` means that no change will follow."""

    messages: Sequence[Message]
    sequence: int
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SendInitialState:
    connections: Connections
    repository: JobRepository
    registry: FleetRegistry
    fleet: Fleet
    sockets: Sockets
    messages: MessageFormat
    broadcast: Broadcast
    clock: Clock
    sleep: Callable[[float], None]

    def __call__(self, connection: Connection) -> None:
        """Idempotent."""
        try:
            self._send_or_close(connection)
        except SocketGoneError:
            self.connections.remove(connection)

    def _send_or_close(self, connection: Connection) -> None:
        try:
            self._send_updates(self.connections.get(connection))
        except (ConnectionEndedError, JobNotFoundError):  # revoked or deleted in the meantime
            self._retry_until_open(lambda: self.sockets.close(connection.id))

    def _send_updates(self, connection: Connection) -> None:
        known, sent_here = connection.sequence or self._send_first(connection), True
        while (latest := self._snapshot(connection.resource)).sequence > known:
            for message in latest.messages:
                sent_here = self.broadcast.send_once(connection, message, latest.sequence)
            known = latest.sequence
        if latest.last and sent_here:  # otherwise the worker that sends it closes the socket
            self.sockets.close(connection.id)

    def _send_first(self, connection: Connection) -> int:
        latest = self._snapshot(connection.resource)
        for message in latest.messages:
            self._retry_until_open(partial(self.broadcast.send, connection, message))
        self.connections.mark_sent(connection, latest.sequence)
        return latest.sequence

    def _snapshot(self, resource: Resource) -> _Snapshot:
        if resource.kind is ResourceKind.JOB:
            return self._job_snapshot(resource)
        group = self.registry.group(resource.tenant, resource.id)
        states = self.fleet.states([device.id for device in group.devices])
        now = self.clock()
        messages = [self.messages.device_message(states[each.id], at=now) for each in group.devices]
        return _Snapshot(messages=messages, sequence=1)

    def _job_snapshot(self, resource: Resource) -> _Snapshot:
        ref = JobRef(tenant=resource.tenant, kind=KIND, id=resource.id)
        now = self.clock()
        job = self.repository.get(ref).as_of(now)
        message = self.messages.job_message(job.status, read_device_state(job, self.fleet), at=now)
        return _Snapshot(messages=[message], sequence=job.sequence, last=job.status.is_terminal)

    def _retry_until_open(self, act: Callable[[], None]) -> None:
        for pause in _RETRY_DELAYS_S:
            try:
                return act()
            except SocketGoneError:
                self.sleep(pause)
        return act()
