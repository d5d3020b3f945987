"""A device's list of orders has changed: what has become of the one that it was given?"""

from dataclasses import dataclass

from jobs.core.errors import JobNotFoundError
from jobs.core.ports import JobRepository
from jobs.missions.mission import mission_of, order_name
from jobs.missions.ports import Fleet, OrderState
from jobs.missions.take_report import TakeReport


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDevice:
    repository: JobRepository
    fleet: Fleet
    take_report: TakeReport

    def __call__(self, device_id: str) -> OrderState | None:
        """Return how the order stands, or None if the device has none of ours."""
        lease = self.fleet.states([device_id])[device_id].lease
        if lease is None:
            return None
        try:
            order = mission_of(self.repository.get(lease.job)).order
        except JobNotFoundError:
            return None
        if order is None or order.device != device_id:
            return None
        return self.take_report(order_name(lease.job.id, order), device_id)
