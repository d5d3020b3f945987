"""Release the device of an ended mission."""

from dataclasses import dataclass

from jobs.core.job import JobRef
from jobs.missions.assign_missions import AssignMissions
from jobs.missions.mission import Order, format_order_id
from jobs.missions.ports import Fleet, FleetRegistry, Orders, OrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleMission:
    registry: FleetRegistry
    fleet: Fleet
    orders: Orders
    assign: AssignMissions

    def __call__(self, ref: JobRef, order: Order) -> None:
        """Release the device and assign it the next mission.

        Recall an order that AWS IoT has not delivered yet. If the drone may be in
        the air, recall it and keep the lease: only its own report that it is
        docked releases the device.
        """
        name = format_order_id(ref.id, order)
        found = self.orders.state(name, order.device)
        if found is None or found[0] in {OrderState.QUEUED, OrderState.IN_PROGRESS}:
            self.orders.recall(name)
        if found is None or found[0] is not OrderState.IN_PROGRESS:
            self.fleet.release(order.device, fence=order.fence)
        device = self.registry.device(order.device)
        if device is not None:
            self.assign(ref.tenant, device.group)
