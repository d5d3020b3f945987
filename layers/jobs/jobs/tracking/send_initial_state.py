"""Send a new WebSocket connection the current state before any update.

The connection is stored before its socket opens. `Broadcast` leaves it out until it has its
initial state. Changes in the meantime are sent here too, so that none is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from jobs.core.errors import JobNotFoundError
from jobs.missions.errors import DeviceGroupNotFoundError
from jobs.tracking.broadcast import Broadcast
from jobs.tracking.connection import Connection, ConnectionEndedError, SocketGoneError
from jobs.tracking.ports import Connections, Sockets
from jobs.tracking.share import Share
from jobs.tracking.snapshot import ReadSnapshot

_RETRY_DELAYS_S: Final = (0.05, 0.1, 0.2, 0.4)
"""Delays between attempts to reach a socket that may not be open yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendInitialState:
    connections: Connections
    sockets: Sockets
    read_snapshot: ReadSnapshot
    broadcast: Broadcast
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
        except (ConnectionEndedError, DeviceGroupNotFoundError, JobNotFoundError):
            # Revoked or deleted in the meantime.
            self._retry_until_open(lambda: self.sockets.close(connection.id))

    def _send_updates(self, connection: Connection) -> None:
        share, sent_here = self.broadcast.find_share(connection), True
        known = connection.sequence or self._send_first(connection, share)
        while (latest := self.read_snapshot(connection.resource)).sequence > known:
            for message in latest.messages:
                sent_here = self.broadcast.send_once(
                    connection, message, share, sequence=latest.sequence
                )
            known = latest.sequence
        if latest.last and sent_here:  # otherwise the worker that sends it closes the socket
            self.sockets.close(connection.id)

    def _send_first(self, connection: Connection, share: Share | None) -> int:
        latest = self.read_snapshot(connection.resource)
        for message in latest.messages:
            self._retry_until_open(partial(self.broadcast.send, connection, message, share))
        self.connections.mark_sent(connection, latest.sequence)
        return latest.sequence

    def _retry_until_open(self, act: Callable[[], None]) -> None:
        for pause in _RETRY_DELAYS_S:
            try:
                return act()
            except SocketGoneError:
                self.sleep(pause)
        return act()
