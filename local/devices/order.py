"""What the cloud orders: the document of an AWS IoT job."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from local.devices.flight import Action
from local.devices.geometry import Point

ALTITUDE = 30.0  # where none is said

type Outcome = Literal["reject", "offline", "lose-link", "fail", "overrun"]


class Simulate(BaseModel):
    """How to fly, and how to fail."""

    model_config = ConfigDict(frozen=True)

    speed: Literal["real", "fast"] = "real"
    outcome: Outcome | None = None


def position(numbers: list[float]) -> list[float]:
    """A GeoJSON position."""
    lon, lat = numbers[:2]
    if abs(lon) > 180 or abs(lat) > 85:  # noqa: PLR2004 - too near to the poles to be flat
        raise ValueError("not a place where a drone flies")
    return numbers


type Position = Annotated[list[float], Field(min_length=2, max_length=3), AfterValidator(position)]


class Order(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    order_id: str
    action: Action
    waypoints: list[Position]  # none: above the dock
    simulate: Simulate = Simulate()

    @property
    def points(self) -> list[Point]:
        return [
            Point(each[0], each[1], each[2] if len(each) > 2 else ALTITUDE)  # noqa: PLR2004
            for each in self.waypoints
        ]
