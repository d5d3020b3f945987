"""In-memory adapters of tracking; tests/adapters checks shares and connections."""

from collections.abc import Sequence
from dataclasses import replace

from jobs.kit.clock import Clock
from jobs.kit.errors import UnavailableError
from jobs.tracking.connection import (
    Connection,
    ConnectionEndedError,
    ResourceWatchers,
    SocketGoneError,
)
from jobs.tracking.errors import ShareNotFoundError, TooManySharesError, TooManyWatchersError
from jobs.tracking.limits import (
    MAX_SHARES_OF_RESOURCE,
    MAX_SHARES_OF_TENANT,
    MAX_VIEWERS_OF_RESOURCE,
    MAX_VIEWERS_OF_SHARE,
    MAX_VIEWERS_OF_TENANT,
    MAX_WATCHERS_OF_RESOURCE,
    MAX_WATCHERS_OF_TENANT,
)
from jobs.tracking.ports import Message
from jobs.tracking.resource import Resource
from jobs.tracking.share import Share, SharePage


class InMemoryShares:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shares: dict[str, Share] = {}

    def add(self, share: Share) -> None:
        stored = [each.resource for each in self._shares.values()]
        of_tenant = [each for each in stored if each.tenant == share.resource.tenant]
        if (
            stored.count(share.resource) >= MAX_SHARES_OF_RESOURCE
            or len(of_tenant) >= MAX_SHARES_OF_TENANT
        ):
            raise TooManySharesError
        self._shares[share.id] = share

    def get(self, share_id: str) -> Share:
        share = self._shares.get(share_id)
        if share is None or share.expires_at <= self._clock():
            raise ShareNotFoundError
        return share

    def list_live(self, tenant: str, *, limit: int, after: str | None = None) -> SharePage:
        found = [each for each in self.live() if each.resource.tenant == tenant]
        rest = [each for each in found if after is None or each.id > after]
        more = len(rest) > limit
        return SharePage(shares=rest[:limit], next=rest[limit - 1].id if more else None)

    def live(self) -> Sequence[Share]:
        """Return all live shares, in the order of their ids."""
        found = (each for each in self._shares.values() if each.expires_at > self._clock())
        return sorted(found, key=lambda share: share.id)

    def remove(self, share_id: str, resource: Resource) -> None:
        self._shares.pop(share_id, None)

    def of(self, resource: Resource) -> Sequence[Share]:
        return [share for share in self.live() if share.resource == resource]


class InMemoryConnections:
    def __init__(self, shares: InMemoryShares) -> None:
        self._shares = shares
        self._connections: dict[str, Connection] = {}
        self._published: dict[Resource, tuple[int, bool]] = {}

    def add(self, connection: Connection) -> None:
        if connection.id in self._connections:
            return
        of_resource, of_tenant = MAX_WATCHERS_OF_RESOURCE, MAX_WATCHERS_OF_TENANT
        if connection.share is not None:
            of_resource, of_tenant = MAX_VIEWERS_OF_RESOURCE, MAX_VIEWERS_OF_TENANT
            limit = self._shares.get(connection.share).max_viewers or MAX_VIEWERS_OF_SHARE
            viewers = [c for c in self._connections.values() if c.share == connection.share]
            if len(viewers) >= min(limit, MAX_VIEWERS_OF_SHARE):
                raise TooManyWatchersError
        watched = [each.resource for each in self._connections.values()]
        tenants = [each.tenant for each in watched]
        if (
            watched.count(connection.resource) >= of_resource
            or tenants.count(connection.resource.tenant) >= of_tenant
        ):
            raise TooManyWatchersError
        self._connections[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        self._connections.pop(connection.id, None)

    def get(self, connection: Connection) -> Connection:
        if connection.id not in self._connections:
            raise ConnectionEndedError
        return self._connections[connection.id]

    def mark_sent(self, connection: Connection, sequence: int) -> bool:
        stored = self.get(connection)
        if stored.sequence >= sequence:
            return False
        self._connections[connection.id] = replace(stored, sequence=sequence)
        return True

    def unmark_sent(self, connection: Connection, sequence: int) -> None:
        stored = self._connections.get(connection.id)
        if stored and stored.sequence == sequence:
            self._connections[connection.id] = replace(stored, sequence=connection.sequence)

    def mark_published(self, resource: Resource, sequence: int, *, last: bool) -> bool:
        if self.last_published(resource) >= sequence:
            return False
        self._published[resource] = sequence, last
        return True

    def unmark_published(self, resource: Resource, sequence: int, *, previous: int) -> None:
        if self.last_published(resource) == sequence:
            self._published[resource] = previous, False

    def last_published(self, resource: Resource) -> int:
        return self._published.get(resource, (0, False))[0]

    def find_watchers(self, resource: Resource) -> ResourceWatchers:
        published, ended = self._published.get(resource, (0, False))
        return ResourceWatchers(
            connections=tuple(c for c in self._connections.values() if c.resource == resource),
            shares=tuple(self._shares.of(resource)),
            published=published,
            ended=ended,
        )


class InMemorySockets:
    """`opened` are open, `posted` has the messages of each, `failing` are unreachable."""

    def __init__(self) -> None:
        self.opened: set[str] = set()
        self.failing: set[str] = set()
        self.posted: dict[str, list[Message]] = {}

    def open(self, connection_id: str) -> None:
        self.opened.add(connection_id)

    def post(self, connection_id: str, message: Message) -> None:
        self._reach(connection_id)
        self.posted.setdefault(connection_id, []).append(message)

    def close(self, connection_id: str) -> None:
        self._reach(connection_id)
        self.opened.discard(connection_id)

    def _reach(self, connection_id: str) -> None:
        if connection_id in self.failing:
            raise UnavailableError(connection_id)
        if connection_id not in self.opened:
            raise SocketGoneError


class InMemoryRefreshes:
    """`scheduled` are the connections to refresh."""

    def __init__(self) -> None:
        self.scheduled: list[Connection] = []

    def schedule(self, connection: Connection) -> None:
        self.scheduled.append(connection)


class InMemoryTopics:
    """`published` has the messages of each topic."""

    def __init__(self) -> None:
        self.published: dict[str, list[Message]] = {}

    def publish(self, topic: str, message: Message) -> None:
        self.published.setdefault(topic, []).append(message)
