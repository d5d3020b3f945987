"""Points and paths on an earth that is flat as far as a drone flies."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

METRES_PER_DEGREE = 111_320


class Point(NamedTuple):
    """Degrees, degrees, metres."""

    lon: float
    lat: float
    alt: float


class Path(Protocol):
    def at(self, fraction: float) -> tuple[Point, float]:
        """Where one is after this part of the way, 0 to 1, and the heading there."""
        ...

    @property
    def ground_metres(self) -> float: ...

    @property
    def climb_metres(self) -> float: ...


@dataclass(frozen=True)
class Line:
    start: Point
    end: Point
    heading: float

    @classmethod
    def between(cls, start: Point, end: Point, heading: float) -> "Line":
        """Nose first; where it goes nowhere but up or down, the nose stays where it was."""
        east, north = offset(start, end)
        if east or north:
            heading = math.degrees(math.atan2(east, north)) % 360
        return cls(start, end, heading)

    def at(self, fraction: float) -> tuple[Point, float]:
        lon = self.start.lon + fraction * degrees_apart(self.start.lon, self.end.lon)
        lat = self.start.lat + fraction * (self.end.lat - self.start.lat)
        alt = self.start.alt + fraction * (self.end.alt - self.start.alt)
        return Point(within_180(lon), lat, alt), self.heading

    @property
    def ground_metres(self) -> float:
        return math.hypot(*offset(self.start, self.end))

    @property
    def climb_metres(self) -> float:
        return self.end.alt - self.start.alt


@dataclass(frozen=True)
class Circle:
    """Once around, clockwise, from the northernmost point."""

    centre: Point
    radius: float
    climb_metres: float = 0.0

    def at(self, fraction: float) -> tuple[Point, float]:
        angle = math.tau * fraction
        east, north = self.radius * math.sin(angle), self.radius * math.cos(angle)
        return moved(self.centre, east, north), (math.degrees(angle) + 90) % 360

    @property
    def ground_metres(self) -> float:
        return math.tau * self.radius


def offset(start: Point, end: Point) -> tuple[float, float]:
    """Metres to the east and to the north."""
    middle = math.radians((start.lat + end.lat) / 2)
    east = degrees_apart(start.lon, end.lon) * METRES_PER_DEGREE * math.cos(middle)
    return east, (end.lat - start.lat) * METRES_PER_DEGREE


def moved(point: Point, east: float, north: float) -> Point:
    lat = point.lat + north / METRES_PER_DEGREE
    shrunk = METRES_PER_DEGREE * math.cos(math.radians(point.lat))
    return Point(within_180(point.lon + east / shrunk), lat, point.alt)


def above(point: Point, alt: float) -> Point:
    return point._replace(alt=alt)


def degrees_apart(start: float, end: float) -> float:
    return within_180(end - start)


def within_180(degrees: float) -> float:
    if -180 <= degrees < 180:  # noqa: PLR2004 - half a circle
        return degrees  # to the last digit
    return (degrees + 180) % 360 - 180
