"""An order while it is being carried out."""

from dataclasses import dataclass

from local.devices.flight import Flight, Pose, planned
from local.devices.geometry import Point
from local.devices.iot_jobs import Execution, Verdict
from local.devices.order import Order

FAST_S = 4.0
DRAIN = 100 / (40 * 60)  # % of the battery for a second in the air


@dataclass(kw_only=True)
class Task:
    """`scale` is how much faster than life it flies, `battery` what it had when `began`.

    `settled`: the cloud has the verdict, or wants none any more.
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
        flight = planned(home, order.points, order.action)
        return cls(
            order=order,
            execution=execution,
            flight=flight.without_end() if order.simulate.outcome == "overrun" else flight,
            scale=flight.seconds / FAST_S if order.simulate.speed == "fast" else 1.0,
            battery=battery,
            began=now,
        )

    @property
    def undecided(self) -> bool:
        return not (self.verdict or self.settled)

    def pose(self, now: float) -> Pose:
        return self.flight.at(self._elapsed(now))

    def charge(self, now: float) -> float:
        """Percent of the battery that are left."""
        spent = DRAIN * self.flight.airborne_seconds(self._elapsed(now))
        return max(0.0, self.battery - spent)

    def half_way(self, now: float) -> bool:
        return self._elapsed(now) >= self.flight.seconds / 2

    def over(self, now: float) -> bool:
        return self._elapsed(now) >= self.flight.seconds

    def turn_back(self, now: float) -> None:
        battery, back = self.charge(now), self.flight.turned_back(self._elapsed(now))
        self.battery, self.flight, self.began = battery, back, now

    def _elapsed(self, now: float) -> float:
        return (now - self.began) * self.scale
