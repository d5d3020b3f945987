"""Ports of tracking.

Every method may raise `UnavailableError`.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.missions.device import DeviceState
from jobs.tracking.change import MissionChange
from jobs.tracking.connection import Connection, ResourceWatchers
from jobs.tracking.resource import Resource
from jobs.tracking.share import Share, SharePage

type Message = Mapping[str, Any]


class Shares(Protocol):
    def add(self, share: Share) -> None:
        """Store and count a share. Raises `TooManySharesError`."""

    def get(self, share_id: str) -> Share:
        """Return a live share, or raise `ShareNotFoundError`."""

    def list_live(self, tenant: str, *, limit: int, after: str | None = None) -> SharePage:
        """Return live shares of an organisation in the order of their ids.

        Metadata may shorten the page.
        """

    def remove(self, share_id: str, resource: Resource) -> None:
        """Remove a share, so that it admits no more viewers, and stop counting it. Idempotent."""


class Connections(Protocol):
    """The WebSocket connections of each resource."""

    def add(self, connection: Connection) -> None:
        """Store a connection, and count it as a watcher, and as a viewer of its share. Idempotent.

        Raises `ShareNotFoundError`, `TooManyWatchersError`.
        """

    def remove(self, connection: Connection) -> None:
        """Remove a connection, and stop counting it. Idempotent."""

    def get(self, connection: Connection) -> Connection:
        """Return the stored connection. Raises `ConnectionEndedError`."""

    def mark_sent(self, connection: Connection, sequence: int) -> bool:
        """Record, before sending, that a change of status is sent to the connection.

        Returns False if this or a later change is recorded. Raises `ConnectionEndedError`.
        """

    def unmark_sent(self, connection: Connection, sequence: int) -> None:
        """Undo `mark_sent` after the change could not be sent."""

    def mark_published(self, resource: Resource, sequence: int, *, last: bool) -> bool:
        """Record, before publishing, that a change of status is published to the MQTT topics.

        `last` means that no reading is published after it. Returns False if this or a later change
        is recorded.
        """

    def unmark_published(self, resource: Resource, sequence: int, *, previous: int) -> None:
        """Undo `mark_published` after the change could not be published."""

    def last_published(self, resource: Resource) -> int:
        """Return the sequence of the last change that is recorded as published, or 0."""

    def find_watchers(self, resource: Resource) -> ResourceWatchers: ...


class Sockets(Protocol):
    """Both raise `SocketGoneError`."""

    def post(self, connection_id: str, message: Message) -> None: ...

    def close(self, connection_id: str) -> None: ...


class Refreshes(Protocol):
    def schedule(self, connection: Connection) -> None:
        """Have the connection refreshed once, before API Gateway would close it as idle."""


class Updates(Protocol):
    def send(self, change: MissionChange) -> None:
        """Have `NotifyWatchers` send a change, at least once, fairly between tenants."""


class Topics(Protocol):
    def publish(self, topic: str, message: Message) -> None:
        """Send a message to the subscribers of an MQTT topic, at least once."""


class MessageFormat(Protocol):
    """Formats messages to watchers. Unknown values are left out.

    `at` is the timestamp of the message; None means that of the device's reading.
    """

    def job_message(
        self, status: JobStatus, state: DeviceState | None, *, at: Millis | None = None
    ) -> Message: ...

    def device_message(self, state: DeviceState, *, at: Millis | None = None) -> Message: ...

    def filter_for_share(self, message: Message, share: Share) -> Message:
        """Keep only the fields that the share shows, and number the devices of a group."""


class ShareTimers(Protocol):
    def expire(self, share: Share) -> None:
        """Start the timer that removes the share when it expires. Idempotent."""
