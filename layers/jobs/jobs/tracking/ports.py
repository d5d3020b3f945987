"""What following jobs and devices needs from the outside world.

Every method may raise `UnavailableError`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.missions.device import DeviceState
from jobs.tracking.connection import Connection, ResourceWatchers
from jobs.tracking.resource import Resource
from jobs.tracking.share import Share, ShareType

type Message = Mapping[str, Any]


class Shares(Protocol):
    def add(self, share: Share) -> None: ...

    def get(self, share_id: str) -> Share:
        """Return it as long as it lives, or raise `ShareNotFoundError`."""

    def list_live(self, tenant: str) -> Sequence[Share]:
        """Return those of an organisation that have not expired, oldest first."""

    def remove(self, share_id: str, resource: Resource) -> None:
        """Let nobody in by it any more; harmless when repeated."""


class Connections(Protocol):
    """The WebSocket connections that there are, by what they watch."""

    def add(self, connection: Connection) -> None:
        """Put a connection on record, and among its share's viewers.

        Raises `ShareNotFoundError`, `ShareFullError`.
        """

    def remove(self, connection: Connection) -> None:
        """Take a connection off the record, and from its share's viewers, once."""

    def get(self, connection: Connection) -> Connection:
        """Return it as it stands on record. Raises `ConnectionEndedError`."""

    def mark_sent(self, connection: Connection, sequence: int) -> bool:
        """Note the change of status it is to be sent next.

        Returns False if that, or a later one, has been sent. Raises `ConnectionEndedError`.
        """

    def unmark_sent(self, connection: Connection, sequence: int) -> None:
        """Note that the change could not be sent after all."""

    def find_watchers(self, resource: Resource) -> ResourceWatchers: ...


class Sockets(Protocol):
    """Both raise `SocketGoneError`."""

    def post(self, connection_id: str, message: Message) -> None: ...

    def close(self, connection_id: str) -> None: ...


class Topics(Protocol):
    def publish(self, topic: str, message: Message) -> None:
        """Send a message to whoever has subscribed to an MQTT topic, at least once."""


class MessageFormat(Protocol):
    """How watchers' messages are spelled. What is not known is left out.

    `at` is when it is so; None: when the device said so.
    """

    def job_message(
        self, status: JobStatus, state: DeviceState | None, *, at: Millis | None = None
    ) -> Message: ...

    def device_message(self, state: DeviceState, *, at: Millis | None = None) -> Message: ...

    def filter_for_share(self, message: Message, share: ShareType) -> Message:
        """Leave in a message only what a share of this type shows."""


class ShareTimers(Protocol):
    def expire(self, share: Share) -> None:
        """See to it that the share is removed when it expires; idempotent."""
