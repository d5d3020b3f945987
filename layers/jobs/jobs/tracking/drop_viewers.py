"""Close what a share let in, now that it is no more."""

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
        """Return how many there were."""
        watching = self.connections.find_watchers(share.resource)
        viewers = [each for each in watching.connections if each.share == share.id]
        for connection in viewers:
            # First, while its being on record has a failure repeated. Then again: it may have been
            # greeted in between. One that opens later finds itself off the record, and is closed.
            self._close(connection)
            self.connections.remove(connection)
            self._close(connection)
        return len(viewers)

    def _close(self, connection: Connection) -> None:
        with suppress(SocketGoneError):
            self.sockets.close(connection.id)
