"""WebSocket connections to a job or a device group."""

from dataclasses import dataclass

from jobs.kit.clock import Millis
from jobs.tracking.resource import Resource
from jobs.tracking.share import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A WebSocket connection; `share` is the id of its share, if any.

    `sequence` is that of the last change of status sent to it. 0 means that it has
    no initial state yet, and may not be open.
    """

    id: str
    resource: Resource
    until: Millis
    share: str | None = None
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceWatchers:
    """The watchers of a resource. Shares are live; connections may have expired.

    `published` is the sequence of the last change of status that is recorded as published to MQTT
    topics, `ended` whether none follows.
    """

    connections: tuple[Connection, ...] = ()
    shares: tuple[Share, ...] = ()
    published: int = 0
    ended: bool = False


class SocketGoneError(Exception):
    """The connection is closed, or not open yet."""


class ConnectionEndedError(Exception):
    """The connection is not stored any more: it must be closed, or is closed."""
