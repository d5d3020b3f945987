"""Close the connections of a share that has been revoked or has expired."""

from contextlib import suppress
from dataclasses import dataclass

from jobs.tracking.connection import Connection, SocketGoneError
from jobs.tracking.ports import Connections, Sockets
from jobs.tracking.share import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class DropViewers:
    connections: Connections
    sockets: Sockets

    def __call__(self, share: Share) -> int:
        """Return the number of closed connections."""
        watchers = self.connections.find_watchers(share.resource)
        viewers = [each for each in watchers.connections if each.share == share.id]
        for connection in viewers:
            # Close before removing, so that a failed close is retried. Close again: the socket may
            # have opened in between. `SendInitialState` closes a socket that opens later.
            self._close(connection)
            self.connections.remove(connection)
            self._close(connection)
        return len(viewers)

    def _close(self, connection: Connection) -> None:
        with suppress(SocketGoneError):
            self.sockets.close(connection.id)
