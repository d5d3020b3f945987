"""An order in progress."""

from dataclasses import dataclass

from local.devices.flight import Flight, Pose, plan_flight
from local.devices.geometry import Point
from local.devices.iot_jobs import Execution, Verdict
from local.devices.order import Order

FAST_FLIGHT_S = 4.0
DRAIN_RATE = 100 / (40 * 60)  # % of the battery per second in the air


@dataclass(kw_only=True)
class Task:
    """`scale` is the speed relative to real time, `battery` the charge at `began`.

    `settled`: the cloud has acknowledged the verdict, or has withdrawn the order.
    """

    order: Order
    execution: Execution
    flight: Flight
    scale: float
    battery: float
    began: float
    verdict: Verdict | None = None
    reason: str | None = None
    settled: bool = False

    @classmethod
    def begin(
        cls, order: Order, execution: Execution, home: Point, battery: float, now: float
    ) -> "Task":
        flight = plan_flight(home, order.points, order.action)
        return cls(
            order=order,
            execution=execution,
            flight=flight.without_end() if order.simulate.outcome == "overrun" else flight,
            scale=flight.seconds / FAST_FLIGHT_S if order.simulate.speed == "fast" else 1.0,
            battery=battery,
            began=now,
        )

    @property
    def undecided(self) -> bool:
        return not (self.verdict or self.settled)

    def pose(self, now: float) -> Pose:
        return self.flight.at(self._elapsed(now))

    def charge(self, now: float) -> float:
        """Return the battery's charge in percent."""
        drained = DRAIN_RATE * self.flight.airborne_seconds(self._elapsed(now))
        return max(0.0, self.battery - drained)

    def half_way(self, now: float) -> bool:
        return self._elapsed(now) >= self.flight.seconds / 2

    def over(self, now: float) -> bool:
        return self._elapsed(now) >= self.flight.seconds

    def turn_back(self, now: float) -> None:
        battery, back = self.charge(now), self.flight.turn_back(self._elapsed(now))
        self.battery, self.flight, self.began = battery, back, now

    def _elapsed(self, now: float) -> float:
        return (now - self.began) * self.scale
