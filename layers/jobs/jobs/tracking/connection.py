"""Who watches what: a job or a device group, over a WebSocket connection."""

from dataclasses import dataclass

from jobs.kit.clock import Millis
from jobs.tracking.resource import Resource
from jobs.tracking.share import Share, ShareType


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A WebSocket connection; `share` is the id of the one that lets it in, `shows` its type.

    `sequence` is that of the last change of status it was sent; 0: it has been
    sent nothing at all, as it may not be open yet.
    """

    id: str
    resource: Resource
    until: Millis
    share: str | None = None
    shows: ShareType | None = None
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceWatchers:
    """Everybody who watches a resource. Shares are live; connections may have expired."""

    connections: tuple[Connection, ...] = ()
    shares: tuple[Share, ...] = ()


class SocketGoneError(Exception):
    """The connection is closed, or not open yet."""


class ConnectionEndedError(Exception):
    """The connection is not on record any more: it is to be closed, or has been."""
