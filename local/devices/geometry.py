"""Points and paths. Within a drone's range, the earth counts as flat."""

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
        """Return the point and the heading after a fraction of the path, 0 to 1."""
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
        """Head for the end; keep the given heading where the line is vertical."""
        east, north = measure_offset(start, end)
        if east or north:
            heading = math.degrees(math.atan2(east, north)) % 360
        return cls(start, end, heading)

    def at(self, fraction: float) -> tuple[Point, float]:
        lon = self.start.lon + fraction * subtract_degrees(self.start.lon, self.end.lon)
        lat = self.start.lat + fraction * (self.end.lat - self.start.lat)
        alt = self.start.alt + fraction * (self.end.alt - self.start.alt)
        return Point(normalize_degrees(lon), lat, alt), self.heading

    @property
    def ground_metres(self) -> float:
        return math.hypot(*measure_offset(self.start, self.end))

    @property
    def climb_metres(self) -> float:
        return self.end.alt - self.start.alt


@dataclass(frozen=True)
class Circle:
    """One clockwise round, starting in the north."""

    centre: Point
    radius: float
    climb_metres: float = 0.0

    def at(self, fraction: float) -> tuple[Point, float]:
        angle = math.tau * fraction
        east, north = self.radius * math.sin(angle), self.radius * math.cos(angle)
        return move(self.centre, east, north), (math.degrees(angle) + 90) % 360

    @property
    def ground_metres(self) -> float:
        return math.tau * self.radius


def measure_offset(start: Point, end: Point) -> tuple[float, float]:
    """Return the metres to the east and to the north."""
    middle = math.radians((start.lat + end.lat) / 2)
    east = subtract_degrees(start.lon, end.lon) * METRES_PER_DEGREE * math.cos(middle)
    return east, (end.lat - start.lat) * METRES_PER_DEGREE


def move(point: Point, east: float, north: float) -> Point:
    lat = point.lat + north / METRES_PER_DEGREE
    shrunk = METRES_PER_DEGREE * math.cos(math.radians(point.lat))
    return Point(normalize_degrees(point.lon + east / shrunk), lat, point.alt)


def at_altitude(point: Point, alt: float) -> Point:
    return point._replace(alt=alt)


def subtract_degrees(start: float, end: float) -> float:
    return normalize_degrees(end - start)


def normalize_degrees(degrees: float) -> float:
    if -180 <= degrees < 180:  # noqa: PLR2004 - half a circle
        return degrees  # without rounding
    return (degrees + 180) % 360 - 180
