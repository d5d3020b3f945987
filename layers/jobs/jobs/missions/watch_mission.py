"""Look at a mission now and then: whatever was lost on the way is noticed here."""

from dataclasses import dataclass
from typing import Final

from jobs.core.change_job import change_job
from jobs.core.errors import JobEndedError, JobNotFoundError, JobStartedError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock, Millis
from jobs.missions.assign_missions import PATIENCE, AssignMissions
from jobs.missions.mission import Order, mission_of, order_id
from jobs.missions.ports import Fleet, MissionQueue, Orders, OrderState
from jobs.missions.take_report import NO_ANSWER, TakeReport

_SOON: Final[Millis] = 5_000
_WHILE_ASKED: Final[Millis] = 15_000
_WHILE_WAITING: Final[Millis] = 60_000
SILENT: Final = "The device fell silent in flight; outcome unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchMission:
    repository: JobRepository
    queue: MissionQueue
    fleet: Fleet
    orders: Orders
    assign: AssignMissions
    take_report: TakeReport
    clock: Clock

    def __call__(self, ref: JobRef) -> Millis | None:
        """Return when to look again, or None once the mission is over or gone."""
        try:
            job = change_job(self.repository, ref, lambda job: job.as_of(self.clock()))
        except JobNotFoundError:
            return None
        if job.status.is_terminal:
            return None
        try:
            return min(self._next_look(job), job.deadline)
        except (JobEndedError, JobNotFoundError, JobStartedError):  # it has just moved on by itself
            return self.clock()

    def _next_look(self, job: Job) -> Millis:
        order, name = mission_of(job).order, order_id(job)
        if order is None or name is None:
            self.queue.send(job.ref)
            waits = _SOON if job.status is JobStatus.PENDING else _WHILE_WAITING
            return self.clock() + waits
        if job.status is JobStatus.RUNNING:
            return self._watch_flight(job, order, name)
        self._ask(job, order, name)
        return self.clock() + _WHILE_ASKED

    def _ask(self, job: Job, order: Order, name: str) -> None:
        """See what has become of an order that the device has not accepted, as far as we know."""
        found = self.orders.state(name, order.device)
        if found is None:
            self.assign.send(job)
        elif found[0] is not OrderState.QUEUED:
            self.take_report(name, order.device)
        elif self.clock() >= order.sent_at + PATIENCE and self.orders.withdraw(name, order.device):
            self.take_report.decline(job.ref, name, NO_ANSWER)

    def _watch_flight(self, job: Job, order: Order, name: str) -> Millis:
        lease = self.fleet.states([order.device])[order.device].lease
        if lease is not None and lease.fence == order.fence and self.clock() < lease.until:
            return lease.until
        if self.take_report(name, order.device) not in {
            OrderState.SUCCEEDED,
            OrderState.FAILED,
        }:
            change_job(self.repository, job.ref, lambda job: job.fail(SILENT, now=self.clock()))
        return self.clock()
