"""Check a mission periodically, and make up for lost messages and reports."""

from dataclasses import dataclass
from typing import Final

from jobs.core.change_job import change_job
from jobs.core.errors import JobEndedError, JobNotFoundError, JobStartedError
from jobs.core.failure import Failure
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass
from jobs.missions.apply_report import NO_RESPONSE_REASON, ApplyReport
from jobs.missions.assign_missions import ORDER_TIMEOUT_MS, AssignMissions
from jobs.missions.mission import Order, mission_of, order_id_of
from jobs.missions.ports import Fleet, MissionQueue, Orders, OrderState

_PENDING_INTERVAL_MS: Final[Millis] = 5_000
_ORDER_INTERVAL_MS: Final[Millis] = 15_000
_QUEUED_INTERVAL_MS: Final[Millis] = 60_000
MAX_CHECKS: Final = 500
"""Of a wait, and of a flight: a longer one has checks less often."""
_ENDED: Final = frozenset({OrderState.SUCCEEDED, OrderState.FAILED})
SILENT: Final = Failure(
    "The device fell silent in flight; outcome unknown", FailureClass.UNAVAILABLE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchMission:
    repository: JobRepository
    queue: MissionQueue
    fleet: Fleet
    orders: Orders
    assign: AssignMissions
    apply_report: ApplyReport
    clock: Clock

    def __call__(self, ref: JobRef, *, moves: int = 0) -> Millis | None:
        """Return the time of the next check, or None if the mission has ended or was deleted.

        Also returns None if the mission was moved since: it has another timer then.
        """
        try:
            job = change_job(self.repository, ref, lambda job: job.as_of(self.clock()))
        except JobNotFoundError:
            return None
        if job.status.is_terminal or mission_of(job).moves != moves:
            return None
        try:
            return min(self._check(job), job.deadline)
        except (
            JobEndedError,
            JobNotFoundError,
            JobStartedError,
        ):  # it has changed since it was read
            return self.clock()

    def _check(self, job: Job) -> Millis:
        order, name = mission_of(job).order, order_id_of(job)
        if order is None or name is None:
            self.queue.send(job.ref)
            now, waits = self.clock(), _QUEUED_INTERVAL_MS
            if job.status is JobStatus.PENDING:  # its message is lost, or behind many others
                waits = min(max(now - mission_of(job).due_at, _PENDING_INTERVAL_MS), waits)
            return self._later(job, now + waits)
        if job.status is JobStatus.RUNNING:
            return self._watch_flight(job, order, name)
        self._check_order(job, order, name)
        return self._later(job, self.clock() + _ORDER_INTERVAL_MS)

    def _check_order(self, job: Job, order: Order, name: str) -> None:
        """Check an order whose acceptance is not known; withdraw it after its timeout."""
        found = self.orders.state(name, order.device)
        if found is None:
            self.assign.send_order(job)
        elif found[0] is not OrderState.QUEUED:
            self.apply_report(name, order.device)
        elif self.clock() >= order.sent_at + ORDER_TIMEOUT_MS and self.orders.withdraw(
            name, order.device
        ):
            self.apply_report.decline(job.ref, name, NO_RESPONSE_REASON)

    def _watch_flight(self, job: Job, order: Order, name: str) -> Millis:
        lease = self.fleet.states([order.device])[order.device].lease
        if lease is not None and lease.fence == order.fence and self.clock() < lease.until:
            return self._later(job, lease.until)
        if self.apply_report(name, order.device) not in {
            OrderState.SUCCEEDED,
            OrderState.FAILED,
        }:
            change_job(self.repository, job.ref, lambda job: job.fail(SILENT, now=self.clock()))
        return self.clock()

    def _later(self, job: Job, at: Millis) -> Millis:
        """Return the time of the next check: a long wait or flight has checks less often."""
        mission = mission_of(job)
        began = mission.due_at if mission.started_at is None else mission.started_at
        return max(at, self.clock() + (job.deadline - began) // MAX_CHECKS)
