"""Send everybody who watches a resource one message.

AWS calls: one Query, one Publish and one more for each live share, and for each open connection
one PostToConnection; a change of status is claimed first, with one UpdateItem each.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from jobs.kit.clock import Clock
from jobs.kit.errors import UnavailableError
from jobs.tracking.connection import Connection, ConnectionEndedError, SocketGoneError
from jobs.tracking.ports import Connections, Message, MessageFormat, Sockets, Topics
from jobs.tracking.resource import Resource

_MAX_THREADS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    connections: Connections
    sockets: Sockets
    topics: Topics
    messages: MessageFormat
    clock: Clock

    def __call__(
        self,
        resource: Resource,
        message: Message,
        *,
        sequence: int | None = None,
        last: bool = False,
    ) -> None:
        """Tell them; `sequence` is of the change of status that this is, `last` closes sockets.

        Connections that have not been greeted yet are left out (see `greet`). Raises
        `UnavailableError` after all others have been told: then this can be repeated.
        """
        watching = self.connections.find_watchers(resource)
        self.topics.publish(resource.topic, message)
        for share in watching.shares:
            self.topics.publish(share.topic, self.messages.filter_for_share(message, share.type))
        greeted = [each for each in watching.connections if each.sequence]
        notify = partial(self._notify, message=message, sequence=sequence, last=last)
        if greeted:
            with ThreadPoolExecutor(_MAX_THREADS) as pool:
                for _ in pool.map(notify, greeted):
                    pass

    def send(self, connection: Connection, message: Message) -> None:
        """Raises `SocketGoneError`."""
        shown = (
            self.messages.filter_for_share(message, connection.shows)
            if connection.shows
            else message
        )
        self.sockets.post(connection.id, shown)

    def send_once(self, connection: Connection, message: Message, sequence: int) -> bool:
        """Return False if somebody else has taken it upon them to send this change.

        Raises `SocketGoneError`, `ConnectionEndedError`, `UnavailableError`.
        """
        if not self.connections.mark_sent(connection, sequence):
            return False
        try:
            self.send(connection, message)
        except UnavailableError:
            self.connections.unmark_sent(connection, sequence)
            raise
        return True

    def _notify(
        self, connection: Connection, message: Message, sequence: int | None, *, last: bool
    ) -> None:
        expired = connection.until <= self.clock()
        try:
            told = expired or self._deliver(connection, message, sequence)
            if expired or (last and told):
                self.sockets.close(connection.id)
        except SocketGoneError:
            self.connections.remove(connection)
        except ConnectionEndedError:
            return

    def _deliver(self, connection: Connection, message: Message, sequence: int | None) -> bool:
        """Return whether it has been told, and is not just about to be, by its greeting."""
        if sequence is None:
            self.send(connection, message)
            return True
        return connection.sequence >= sequence or self.send_once(connection, message, sequence)
