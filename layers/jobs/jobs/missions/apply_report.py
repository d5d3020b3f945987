"""Apply the state of a device's order to its job."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from jobs.core.change_job import change_job
from jobs.core.errors import JobEndedError, JobNotFoundError, JobStartedError
from jobs.core.failure import Failure
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass
from jobs.missions.mission import (
    KIND,
    mission_of,
    order_id_of,
    parse_job_id,
    start_flight,
    withdraw_order,
)
from jobs.missions.ports import Fleet, FleetRegistry, MissionQueue, Orders, OrderState

_NO_REASON_ERROR: Final = "The device reported a failure without a reason"
_DECLINED_ERROR: Final = "No device accepted the mission"
NO_RESPONSE_REASON: Final = "the device did not answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """Reads the current state of the order: reports arrive late, twice and out of order."""

    repository: JobRepository
    registry: FleetRegistry
    fleet: Fleet
    orders: Orders
    queue: MissionQueue
    clock: Clock
    max_flight: Millis

    def __call__(self, order: str, device_id: str) -> OrderState | None:
        """Return the state of the order, or None if it does not exist."""
        device = self.registry.device(device_id)
        found = None if device is None else self.orders.state(order, device.id)
        if device is None or found is None:
            return None
        ref = JobRef(tenant=device.tenant, kind=KIND, id=parse_job_id(order))
        state, reason = found
        try:
            self._apply(ref, order, state, reason)
        except (JobEndedError, JobNotFoundError, JobStartedError):
            if state is OrderState.IN_PROGRESS:  # the job has ended, or has another order
                self.orders.recall(order)
        return state

    def _apply(self, ref: JobRef, order: str, state: OrderState, reason: str | None) -> None:
        match state:
            case OrderState.IN_PROGRESS:
                self._change(ref, order, self._start)
            case OrderState.SUCCEEDED:
                self._change(ref, order, self._start)
                self._change(ref, order, lambda job: job.succeed({}, now=self.clock()))
            case OrderState.FAILED:
                self._change(ref, order, self._start)
                failure = Failure(reason or _NO_REASON_ERROR, FailureClass.UNAVAILABLE)
                self._change(ref, order, lambda job: job.fail(failure, now=self.clock()))
            case OrderState.REJECTED:
                self.decline(ref, order, reason)
            case OrderState.CANCELED:  # a worker withdrew it, then crashed
                self.decline(ref, order, NO_RESPONSE_REASON)

    def decline(self, ref: JobRef, order: str, reason: str | None) -> None:
        """Withdraw the order and queue the mission for another device.

        Raises `JobStartedError` if the job has another order by now.
        """
        given = mission_of(self.repository.get(ref)).order
        self._change(ref, order, partial(self._withdraw, reason=reason))
        if given is not None:
            self.fleet.release(given.device, fence=given.fence)
        self.queue.send(ref)

    def _change(self, ref: JobRef, order: str, step: Callable[[Job], Job]) -> None:
        def checked(job: Job) -> Job:
            if order_id_of(job) != order:
                raise JobStartedError(job.id)
            return step(job)

        change_job(self.repository, ref, checked)

    def _start(self, job: Job) -> Job:
        if job.status is JobStatus.RUNNING:
            return job
        now = self.clock()
        return start_flight(job, now=now, deadline=now + self.max_flight)

    def _withdraw(self, job: Job, reason: str | None) -> Job:
        withdrawn = withdraw_order(job)
        mission = mission_of(withdrawn)
        group = self.registry.group(job.tenant, mission.group)
        candidates = {mission.device} if mission.device else {each.id for each in group.devices}
        if candidates - set(mission.declined):
            return withdrawn
        text = f"{_DECLINED_ERROR}: {reason}" if reason else _DECLINED_ERROR
        return withdrawn.fail(Failure(text, FailureClass.REFUSED), now=self.clock())
