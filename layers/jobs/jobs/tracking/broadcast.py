"""Send a message to all watchers of a resource.

AWS calls: one Query, one Publish, one Publish for each live share, and one PostToConnection for
each open connection. A change of status takes one more UpdateItem, and one for each connection. So
a message makes at most 3 + 20 + 2 * 100 calls: `jobs.tracking.limits`.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Final

from jobs.kit.clock import Clock
from jobs.kit.errors import UnavailableError
from jobs.tracking.connection import (
    Connection,
    ConnectionEndedError,
    ResourceWatchers,
    SocketGoneError,
)
from jobs.tracking.errors import ShareNotFoundError
from jobs.tracking.limits import MAX_SHARES_OF_RESOURCE, MAX_WATCHERS_OF_RESOURCE
from jobs.tracking.ports import Connections, Message, MessageFormat, Shares, Sockets, Topics
from jobs.tracking.resource import Resource
from jobs.tracking.share import Share

MAX_TIME_S: Final = 5.0
"""All tenants share the workers that send."""

_MAX_THREADS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    connections: Connections
    sockets: Sockets
    topics: Topics
    shares: Shares
    messages: MessageFormat
    clock: Clock

    def __call__(
        self,
        resource: Resource,
        message: Message,
        *,
        sequence: int | None = None,
        last: bool = False,
    ) -> bool:
        """Send a message; `sequence` is that of a change of status, `last` closes the sockets.

        Leaves out connections without their initial state (see `send_initial_state`), and topics
        that have got a later change. Returns whether the topics have got the message.
        Raises `UnavailableError` after sending to all others, or after `MAX_TIME_S`. Idempotent
        for a `sequence`.
        """
        watchers = self.connections.find_watchers(resource)
        publishes = self._is_next(resource, watchers, sequence, last=last)
        publications = self._list_publications(resource, watchers, message) if publishes else []
        notify = partial(self._notify, message=message, sequence=sequence, last=last)
        try:
            _run_all([*publications, *(partial(notify, *each) for each in _ready(watchers))])
        except UnavailableError:
            if publishes and sequence is not None:
                before = watchers.published
                self.connections.unmark_published(resource, sequence, previous=before)
            raise
        return publishes

    def repeat(self, resource: Resource, message: Message) -> None:
        """Send the latest change again, to watchers that may have got an older one after it."""
        watchers = self.connections.find_watchers(resource)
        publications = self._list_publications(resource, watchers, message)
        notify = partial(self._notify, message=message, sequence=None, last=False)
        _run_all([*publications, *(partial(notify, *each) for each in _ready(watchers))])

    def _is_next(
        self, resource: Resource, watchers: ResourceWatchers, sequence: int | None, *, last: bool
    ) -> bool:
        """Return whether the topics get the message: not after the last change, or a later one."""
        if sequence is None:
            return not watchers.ended
        if watchers.published >= sequence:
            return False
        return self.connections.mark_published(resource, sequence, last=last)

    def _list_publications(
        self, resource: Resource, watchers: ResourceWatchers, message: Message
    ) -> list[Callable[[], None]]:
        publications = [partial(self.topics.publish, resource.topic, message)]
        for share in watchers.shares[:MAX_SHARES_OF_RESOURCE]:  # older versions had no limit
            shown = self.messages.filter_for_share(message, share)
            publications.append(partial(self.topics.publish, share.topic, shown))
        return [*publications]

    def find_share(self, connection: Connection) -> Share | None:
        """Return the share of a connection, if any. Raises `ConnectionEndedError`."""
        try:
            return None if connection.share is None else self.shares.get(connection.share)
        except ShareNotFoundError as error:
            raise ConnectionEndedError from error

    def send(self, connection: Connection, message: Message, share: Share | None) -> None:
        """Send a connection the fields that it may see by its share. Raises `SocketGoneError`."""
        shown = message if share is None else self.messages.filter_for_share(message, share)
        self.sockets.post(connection.id, shown)

    def send_once(
        self, connection: Connection, message: Message, share: Share | None, *, sequence: int
    ) -> bool:
        """Return False if another worker sends this change.

        Raises `SocketGoneError`, `ConnectionEndedError`, `UnavailableError`.
        """
        if not self.connections.mark_sent(connection, sequence):
            return False
        try:
            self.send(connection, message, share)
        except UnavailableError:
            self.connections.unmark_sent(connection, sequence)
            raise
        return True

    def _notify(
        self,
        connection: Connection,
        share: Share | None,
        *,
        message: Message,
        sequence: int | None,
        last: bool,
    ) -> None:
        expired = connection.until <= self.clock()
        if share is None and connection.share is not None and not expired:
            return  # revoked: `drop_viewers` closes the socket
        try:
            sent = expired or self._deliver(connection, share, message, sequence)
            if expired or (last and sent):
                self.sockets.close(connection.id)
        except SocketGoneError:
            self.connections.remove(connection)
        except ConnectionEndedError:
            return

    def _deliver(
        self, connection: Connection, share: Share | None, message: Message, sequence: int | None
    ) -> bool:
        """Return whether the message has been sent: another worker may be sending it now."""
        if sequence is None:
            self.send(connection, message, share)
            return True
        if connection.sequence >= sequence:
            return True
        return self.send_once(connection, message, share, sequence=sequence)


def _ready(watchers: ResourceWatchers) -> Sequence[tuple[Connection, Share | None]]:
    """Return the connections that have their initial state, with their live shares."""
    shares = {share.id: share for share in watchers.shares}
    ready = [each for each in watchers.connections if each.sequence][:MAX_WATCHERS_OF_RESOURCE]
    return [(each, shares.get(each.share) if each.share else None) for each in ready]


def _run_all(sends: Sequence[Callable[[], None]]) -> None:
    """Run all, some at a time; raise the first error after all have ended.

    After `MAX_TIME_S`, start no more: the other watchers wait for the next message.
    """
    if len(sends) == 1:
        return sends[0]()
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
