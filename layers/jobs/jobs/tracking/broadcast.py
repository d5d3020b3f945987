"""Send a message to all watchers of a resource.

AWS calls: one Query, one Publish, one Publish for each live share, and one PostToConnection for
each open connection. A change of status takes one more UpdateItem for each connection. So a message
makes at most 2 + 20 + 2 * 100 calls: `jobs.tracking.limits`.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Final

from jobs.kit.clock import Clock
from jobs.kit.errors import UnavailableError
from jobs.tracking.connection import Connection, ConnectionEndedError, SocketGoneError
from jobs.tracking.limits import MAX_SHARES_OF_RESOURCE, MAX_WATCHERS_OF_RESOURCE
from jobs.tracking.ports import Connections, Message, MessageFormat, Sockets, Topics
from jobs.tracking.resource import Resource

MAX_TIME_S: Final = 5.0
"""All tenants use the workers that send."""

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
        """Send a message; `sequence` is that of a change of status, `last` closes the sockets.

        Leaves out connections without their initial state (see `send_initial_state`).
        Raises `UnavailableError` after sending to all others, or after `MAX_TIME_S`. Idempotent
        for a `sequence`.
        """
        watchers = self.connections.find_watchers(resource)
        sends = [partial(self.topics.publish, resource.topic, message)]
        for share in watchers.shares[:MAX_SHARES_OF_RESOURCE]:  # older versions had no limit
            shown = self.messages.filter_for_share(message, share.type)
            sends.append(partial(self.topics.publish, share.topic, shown))
        ready = [each for each in watchers.connections if each.sequence]
        notify = partial(self._notify, message=message, sequence=sequence, last=last)
        sends += [partial(notify, each) for each in ready[:MAX_WATCHERS_OF_RESOURCE]]
        _run_all(sends)

    def send(self, connection: Connection, message: Message) -> None:
        """Send a connection the fields that it may see. Raises `SocketGoneError`."""
        shown = (
            self.messages.filter_for_share(message, connection.shows)
            if connection.shows
            else message
        )
        self.sockets.post(connection.id, shown)

    def send_once(self, connection: Connection, message: Message, sequence: int) -> bool:
        """Return False if another worker sends this change.

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
            sent = expired or self._deliver(connection, message, sequence)
            if expired or (last and sent):
                self.sockets.close(connection.id)
        except SocketGoneError:
            self.connections.remove(connection)
        except ConnectionEndedError:
            return

    def _deliver(self, connection: Connection, message: Message, sequence: int | None) -> bool:
        """Return whether the message has been sent: another worker may be sending it now."""
        if sequence is None:
            self.send(connection, message)
            return True
        return connection.sequence >= sequence or self.send_once(connection, message, sequence)


def _run_all(sends: Sequence[Callable[[], None]]) -> None:
    """Run all, some at a time; raise the first error after all have ended.

    After `MAX_TIME_S`, start no more: the other watchers wait for the next message.
    """
    first, *others = sends
    if not others:
        return first()
    with ThreadPoolExecutor(_MAX_THREADS) as pool:
        running = [pool.submit(each) for each in sends]
        wait(running, timeout=MAX_TIME_S)
        late = sum(each.cancel() for each in running)
    for each in running:
        if not each.cancelled():
            each.result()
    if late:
        raise UnavailableError(f"{late} watchers could not be notified in time")
    return None
