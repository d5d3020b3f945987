"""Close what a share let in, now that it is no more."""

from dataclasses import dataclass

from jobs.domain.share import Share
from jobs.domain.watch import SocketGoneError
from jobs.watch_ports import Connections, Sockets


@dataclass(frozen=True, slots=True, kw_only=True)
class DropViewers:
    connections: Connections
    sockets: Sockets

    def __call__(self, share: Share) -> int:
        """Return how many there were."""
        watching = self.connections.watching(share.resource)
        viewers = [each for each in watching.connections if each.share == share.id]
        for connection in viewers:
            # Off the record first: one that is not open yet is closed for it when it is greeted.
            self.connections.remove(connection)
            try:
                self.sockets.close(connection.id)
            except SocketGoneError:
                continue
        return len(viewers)
