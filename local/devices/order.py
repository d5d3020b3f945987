"""The document of an AWS IoT job: an order to fly."""

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from local.devices.flight import Action
from local.devices.geometry import Point, measure_offset

DEFAULT_ALTITUDE = 30.0  # metres

type Outcome = Literal["reject", "offline", "lose-link", "fail", "overrun"]


class Simulate(BaseModel):
    """Options of the simulation: speed and fault."""

    model_config = ConfigDict(frozen=True)

    speed: Literal["real", "fast"] = "real"
    outcome: Outcome | None = None


def check_position(numbers: list[float]) -> list[float]:
    """Check a GeoJSON position."""
    lon, lat = numbers[:2]
    if abs(lon) > 180 or abs(lat) > 85:  # noqa: PLR2004 - nearer to the poles, the earth does not count as flat
        raise ValueError("the position must be within ±180° longitude and ±85° latitude")
    return numbers


type Position = Annotated[
    list[float], Field(min_length=2, max_length=3), AfterValidator(check_position)
]


class Limits(BaseModel):
    """`range_meters` is the farthest from the dock that a mission may begin."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    range_meters: float | None = None


class Order(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    order_id: str
    action: Action
    waypoints: list[Position]  # empty: above the dock
    limits: Limits = Limits()
    simulate: Simulate = Simulate()

    def reason_against(self, home: Point) -> str | None:
        """Return why a drone with its dock here cannot fly the order."""
        if self.limits.range_meters is None or not self.points:
            return None
        away = math.hypot(*measure_offset(home, self.points[0]))
        if away <= self.limits.range_meters:
            return None
        return (
            f"The mission begins {away:,.0f} m away from the dock, whose range is"
            f" {self.limits.range_meters:,.0f} m"
        )

    @property
    def points(self) -> list[Point]:
        return [
            Point(each[0], each[1], each[2] if len(each) > 2 else DEFAULT_ALTITUDE)  # noqa: PLR2004
            for each in self.waypoints
        ]
