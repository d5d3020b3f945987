"""Tracking on the fleet of `tests.handlers.fleet`, with shares and connections in memory."""

import pytest

from jobs.kit.clock import Clock
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareType
from jobs.tracking.wiring import wiring as tracking
from tests.fakes.memory_watch import (
    InMemoryConnections,
    InMemoryRefreshes,
    InMemoryShares,
    InMemorySockets,
    InMemoryTopics,
)
from tests.handlers.conftest import TENANT
from tests.handlers.fleet import (  # noqa: F401 - fixtures
    call,
    fleet,
    fleet_registry,
    fleet_wiring,
    online,
    stored,
    tracks,
)
from tests.support import HOUR, NOON

CODE = "EXAMPLE-CODE-OF-NOBODY-EXAMPLE-0"


class Watching:
    """Shares and connections in memory; `expiring` are the shares with a running timer."""

    def __init__(self, clock: Clock) -> None:
        self.shares = InMemoryShares(clock)
        self.connections = InMemoryConnections(self.shares)
        self.sockets = InMemorySockets()
        self.topics = InMemoryTopics()
        self.refreshes = InMemoryRefreshes()
        self.expiring: list[Share] = []

    def expire(self, share: Share) -> None:
        self.expiring.append(share)


@pytest.fixture
def watching(world, clock, rewire) -> Watching:
    made = Watching(clock)
    for name in ("shares", "connections", "sockets", "topics", "refreshes"):
        rewire(tracking, **{name: getattr(made, name)})
    rewire(tracking, share_timers=made)
    return made


@pytest.fixture
def share(watching) -> Share:
    """The share of the example events: of the harbour, for two viewers at a time."""
    made = Share(
        code=CODE,
        resource=Resource(tenant=TENANT, kind=ResourceKind.GROUP, id="harbour"),
        type=ShareType.STREAM,
        created_at=NOON,
        expires_at=NOON + HOUR,
        max_viewers=2,
        metadata={"for": "Harbour master"},
    )
    watching.shares.add(made)
    return made
