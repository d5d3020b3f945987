"""Apply the state of a device's order after the device's list of orders has changed."""

from dataclasses import dataclass

from jobs.core.errors import JobNotFoundError
from jobs.core.ports import JobRepository
from jobs.missions.apply_report import ApplyReport
from jobs.missions.mission import format_order_id, mission_of
from jobs.missions.ports import Fleet, OrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDevice:
    repository: JobRepository
    fleet: Fleet
    apply_report: ApplyReport

    def __call__(self, device_id: str) -> OrderState | None:
        """Return the state of the device's order, or None if it has no order of a job."""
        lease = self.fleet.states([device_id])[device_id].lease
        if lease is None:
            return None
        try:
            order = mission_of(self.repository.get(lease.job)).order
        except JobNotFoundError:
            return None
        if order is None or order.device != device_id:
            return None
        return self.apply_report(format_order_id(lease.job.id, order), device_id)
