"""Send a WebSocket connection the current state again, so that it is not closed as idle.

API Gateway closes a connection after ten minutes without a message, and a mission may wait for
hours. Each refresh schedules the next one and costs a fixed number of AWS calls. The last one finds
the connection closed, two hours after it opened at the latest.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

from contextlib import suppress
from dataclasses import dataclass

from jobs.core.errors import JobNotFoundError
from jobs.kit.clock import Clock
from jobs.tracking.broadcast import Broadcast
from jobs.tracking.connection import Connection, ConnectionEndedError, SocketGoneError
from jobs.tracking.ports import Connections, Refreshes, Sockets
from jobs.tracking.snapshot import ReadSnapshot, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshConnection:
    connections: Connections
    sockets: Sockets
    refreshes: Refreshes
    read_snapshot: ReadSnapshot
    broadcast: Broadcast
    clock: Clock

    def __call__(self, connection: Connection) -> None:
        """Send the state and schedule the next refresh, or close a connection that has ended."""
        with suppress(ConnectionEndedError):
            stored = self.connections.get(connection)
            try:
                self._refresh(stored)
            except SocketGoneError:
                self.connections.remove(stored)

    def _refresh(self, connection: Connection) -> None:
        if connection.until <= self.clock() or self._send_state(connection).last:
            self.sockets.close(connection.id)
            self.connections.remove(connection)  # its disconnect event may be lost
        else:
            self.refreshes.schedule(connection)

    def _send_state(self, connection: Connection) -> Snapshot:
        """Send one message; send it again if the state has changed in the meantime.

        A group's other devices are left out: any message keeps the connection open.
        """
        share, sent = self.broadcast.find_share(connection), None
        while (latest := self._read(connection)).sequence != sent:
            for message in latest.messages[:1]:
                self.broadcast.send(connection, message, share)
            sent = latest.sequence
        return latest

    def _read(self, connection: Connection) -> Snapshot:
        try:
            return self.read_snapshot(connection.resource)
        except JobNotFoundError:
            return Snapshot(messages=[], sequence=0, last=True)
