"""A device group with two docks, a job, and their watchers."""

from dataclasses import dataclass, field, replace
from typing import Any

from jobs.core.job import Job
from jobs.missions.device import Device, DeviceGroup, DeviceState, Reading
from jobs.missions.mission import assign_order, mission_of, start_flight
from jobs.tracking.api import messages as missions_messages
from jobs.tracking.broadcast import Broadcast
from jobs.tracking.change import change_of
from jobs.tracking.connection import Connection
from jobs.tracking.drop_viewers import DropViewers
from jobs.tracking.notify_watchers import NotifyWatchers
from jobs.tracking.refresh_connection import RefreshConnection
from jobs.tracking.resource import Resource, ResourceKind, job_resource
from jobs.tracking.send_initial_state import SendInitialState
from jobs.tracking.share import Share, ShareType, new_code
from jobs.tracking.snapshot import ReadSnapshot
from tests.databases import Jobs
from tests.fakes.memory_fleet import InMemoryFleet
from tests.fakes.memory_missions import InMemoryFleetRegistry
from tests.fakes.memory_watch import (
    InMemoryConnections,
    InMemoryRefreshes,
    InMemoryShares,
    InMemorySockets,
    InMemoryTopics,
)
from tests.support import HOUR, NOON, FrozenClock

HARBOUR = Resource(tenant="acme", kind=ResourceKind.GROUP, id="harbour")
DOCKS = tuple(
    Device(id=f"dock-{n}", tenant="acme", group="harbour", name=f"Dock {n}") for n in (1, 2)
)


@dataclass
class WatchWorld:
    """`meanwhile` runs whenever `send_initial_state` waits for its socket."""

    job: Job
    clock: FrozenClock
    meanwhile: Any = lambda: None
    sleeps: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.repository = Jobs(self.clock)
        self.repository.add(self.job)
        self.registry = InMemoryFleetRegistry()
        self.registry.put_group(
            DeviceGroup(id="harbour", tenant="acme", name="Harbour", devices=DOCKS)
        )
        self.fleet = InMemoryFleet(self.clock)
        self.shares = InMemoryShares(self.clock)
        self.connections = InMemoryConnections(self.shares)
        self.sockets = InMemorySockets()
        self.topics = InMemoryTopics()
        self.refreshes = InMemoryRefreshes()
        formatted: dict[str, Any] = {"messages": missions_messages}
        timed: dict[str, Any] = {"clock": self.clock}
        reached: dict[str, Any] = {"connections": self.connections, "sockets": self.sockets}
        known: dict[str, Any] = {"repository": self.repository, "registry": self.registry}
        known |= {"fleet": self.fleet} | formatted
        broadcast = Broadcast(
            **reached, **formatted, **timed, topics=self.topics, shares=self.shares
        )
        self.notify = NotifyWatchers(**known, connections=self.connections, broadcast=broadcast)
        sending: dict[str, Any] = reached | {"broadcast": broadcast}
        sending |= {"read_snapshot": ReadSnapshot(**known, **timed)}
        self.send_initial_state = SendInitialState(**sending, sleep=self._sleep)
        self.refresh = RefreshConnection(**sending, **timed, refreshes=self.refreshes)
        self.drop_viewers = DropViewers(connections=self.connections, sockets=self.sockets)

    def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.meanwhile()

    # ── Watchers ──

    def connect(self, name: str, *, to: Resource | None = None, **about: Any) -> Connection:
        """Store a connection and open it; with `sequence` 0 it has no initial state."""
        sane = {"resource": to or job_resource(self.job.ref), "until": NOON + HOUR, "sequence": 1}
        connection = Connection(id=name, **sane | about)
        self.connections.add(connection)
        self.sockets.open(name)
        return connection

    def share(self, *, of: Resource | None = None, **about: Any) -> Share:
        sane = {
            "code": new_code(), "resource": of or job_resource(self.job.ref),
            "type": ShareType.STREAM, "created_at": NOON, "expires_at": NOON + HOUR,
            "max_viewers": None, "metadata": {},
        }  # fmt: skip
        share = Share(**sane | about)
        self.shares.add(share)
        return share

    def received(self, name: str, field: str = "jobState") -> list[Any]:
        return [message.get(field) for message in self.sockets.posted.get(name, [])]

    def notify_change(self, job: Job) -> None:
        self.notify.notify_change(change_of(job))

    # ── Watched resources ──

    def change(self, job: Job) -> Job:
        self.repository.save(job, replacing=self.job)
        self.job = job
        return job

    def queue(self) -> Job:
        return self.change(self.job.enqueue(now=self.clock()))

    def fly(self, device: str = "dock-1") -> Job:
        """Have a device accept the job, with a lease."""
        self.queue()
        fence = self.fleet.lease(device, self.job.ref, until=NOON + HOUR)
        assert fence is not None
        self.change(assign_order(self.job, device, fence=fence, now=self.clock()))
        return self.change(start_flight(self.job, now=self.clock(), deadline=NOON + HOUR))

    def end(self) -> Job:
        return self.change(self.job.succeed({}, now=self.clock()))

    def report(self, device: str = "dock-1", *, sequence: int = 1, **about: Any) -> DeviceState:
        """Have a device report, with the order of its job if it flies one."""
        order = mission_of(self.job).order
        is_assigned = order is not None and order.device == device
        reading = Reading(
            device=device,
            sequence=sequence,
            online=True,
            order=f"{self.job.id}-{order.number}" if order and is_assigned else None,
            timestamp=f"2026-01-01T12:00:0{sequence}.000Z",
            values={"droneState": "WAYPOINT", "navigation": {"at": sequence}, "weather": {}},
        )
        states = self.fleet.store_reading(replace(reading, **about), hold=HOUR)
        assert states is not None
        return states[1]
