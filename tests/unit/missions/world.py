"""Missions on adapters in memory, with simulated docks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jobs.core.ids import new_job_id
from jobs.core.job import Job, JobRef
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.missions.apply_report import ApplyReport
from jobs.missions.assign_missions import AssignMissions
from jobs.missions.check_device import CheckDevice
from jobs.missions.device import Device, DeviceGroup, DeviceState, Reading, StoredReading
from jobs.missions.follow_mission import FollowMission
from jobs.missions.follow_reading import FollowReading
from jobs.missions.mission import KIND, Mission, Order, mission_of, order_id_of
from jobs.missions.ports import OrderState
from jobs.missions.reading_rates import ReadingRates
from jobs.missions.run_mission import RunMission
from jobs.missions.settle_mission import SettleMission
from jobs.missions.store_readings import StoreReadings
from jobs.missions.update_mission import UpdateMission
from jobs.missions.watch_mission import WatchMission
from tests.databases import Jobs
from tests.fakes.memory_fleet import InMemoryFleet, InMemoryOrders
from tests.fakes.memory_missions import InMemoryFleetRegistry
from tests.support import HOUR, FrozenClock

TENANT = "acme"
GROUP = "harbour"
DOCKS = ("dock-1", "dock-2")
SILENCE: Millis = 120_000
MAX_FLIGHT_MS: Millis = 3_600_000
WAIT: Millis = 3_600_000
HOVER: Final = {"metadata": {}, "action": "HOVER", "waypoints": []}


class Messages:
    """The mission queue, in order of arrival."""

    def __init__(self) -> None:
        self.waiting: list[tuple[JobRef, Order | None]] = []

    def send(self, ref: JobRef) -> None:
        self.waiting.append((ref, None))

    def settle(self, ref: JobRef, order: Order) -> None:
        self.waiting.append((ref, order))


class StoredReadings:
    """The queue of stored readings, in order of arrival."""

    def __init__(self) -> None:
        self.waiting: list[StoredReading] = []

    def send(self, readings: Sequence[StoredReading]) -> None:
        self.waiting += readings


class Observed:
    """Fakes of the notifier and timers that record their calls."""

    def __init__(self) -> None:
        self.states: list[tuple[str, JobStatus]] = []
        self.readings: list[DeviceState] = []
        self.due: dict[JobRef, Millis] = {}

    def notify_change(self, job: Job) -> None:
        self.states.append((job.id, job.status))

    def fly(self, ref: JobRef, *, due_at: Millis, moves: int) -> None:
        self.due[ref] = due_at


class MissionWorld:
    def __init__(self, docks: tuple[str, ...] = DOCKS) -> None:
        self.clock = FrozenClock()
        self.repository = Jobs(self.clock)
        self.fleet = InMemoryFleet(self.clock)
        self.orders = InMemoryOrders()
        self.queue = Messages()
        self.observed = Observed()
        self.registry = InMemoryFleetRegistry()
        devices = tuple(Device(id=d, tenant=TENANT, group=GROUP, name=d) for d in docks)
        self.registry.put_group(
            DeviceGroup(id=GROUP, tenant=TENANT, name="Harbour", devices=devices)
        )
        self._sequence = 0
        shared: dict[str, Any] = {"repository": self.repository, "clock": self.clock}
        about = {"registry": self.registry, "fleet": self.fleet, "orders": self.orders}
        self.assign = AssignMissions(
            **shared,
            **about,
            queue=self.repository,
            silence_timeout=SILENCE,
            max_flight=MAX_FLIGHT_MS,
        )
        self.run = RunMission(**shared, assign=self.assign)
        self.settle = SettleMission(**about, assign=self.assign)
        self.report = ApplyReport(**shared, **about, queue=self.queue, max_flight=MAX_FLIGHT_MS)
        self.check = CheckDevice(
            repository=self.repository, fleet=self.fleet, apply_report=self.report
        )
        self.watch = WatchMission(
            **shared,
            queue=self.queue,
            fleet=self.fleet,
            orders=self.orders,
            assign=self.assign,
            apply_report=self.report,
        )
        self.stored = StoredReadings()
        self.store_readings = StoreReadings(
            registry=self.registry,
            fleet=self.fleet,
            rates=ReadingRates(self.clock),
            queue=self.stored,
            clock=self.clock,
            silence_timeout=SILENCE,
        )
        self.follow_reading = FollowReading(
            **shared,
            registry=self.registry,
            fleet=self.fleet,
            waiting=self.repository,
            queue=self.queue,
            apply_report=self.report,
        )
        self._follow = FollowMission(timers=self.observed, queue=self.queue)

    def follow(self, job: Job) -> None:
        self._follow(job)
        self.observed.notify_change(job)

    # ── Callers ──

    def create(
        self, *, due_in: Millis = 0, request: Mapping[str, Any] = HOVER, **about: Any
    ) -> JobRef:
        now = self.clock()
        sane = {"name": "Round", "group": GROUP, "priority": 5, "due_at": now + due_in}
        job = Job(
            id=new_job_id(now),
            tenant=TENANT,
            kind=KIND,
            request=request,
            created_at=now,
            changed_at=now,
            deadline=now + due_in + WAIT,
            retention=24 * HOUR,
            details=Mission(**sane | about),
        )
        return self.repository.add(job)

    def move(self, ref: JobRef, to: Millis) -> None:
        amend = UpdateMission(repository=self.repository, clock=self.clock)
        self.follow(amend(ref, {"scheduled_at": to}))

    def job(self, ref: JobRef) -> Job:
        return self.repository.get(ref)

    def device_of(self, ref: JobRef) -> str | None:
        order = mission_of(self.job(ref)).order
        return order and order.device

    # ── Docks ──

    def read(
        self,
        device: str,
        *,
        order: str | None = None,
        state: str = "DOCKED",
        place: tuple[float, float] | None = None,
    ) -> None:
        """Have a dock send one reading."""
        navigation = {"navigation": {"position": {"coordinates": [*place, 0]}}} if place else {}
        self._sequence += 1
        reading = Reading(
            device=device,
            sequence=self._sequence,
            online=True,
            order=order,
            timestamp="2026-01-01T12:00:00.000Z",
            values={"droneState": state, **navigation},
        )
        self.store_readings({"a message": reading})
        self.follow_readings()

    def follow_readings(self) -> None:
        """Follow up all stored readings."""
        while self.stored.waiting:
            state = self.follow_reading(self.stored.waiting.pop(0))
            self.observed.readings += [state] if state else []

    def answer(self, ref: JobRef, state: OrderState, reason: str | None = None) -> None:
        """Have the device of the job's order report its state."""
        job = self.job(ref)
        order, name = mission_of(job).order, order_id_of(job)
        assert order is not None
        assert name is not None
        self.orders.answer(name, order.device, state, reason)
        self.report(name, order.device)

    # ── AWS ──

    def deliver(self) -> None:
        """Process all messages of the mission queue."""
        while self.queue.waiting:
            ref, order = self.queue.waiting.pop(0)
            if order:
                self.settle(ref, order)
            else:
                self.run(ref)
