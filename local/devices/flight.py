"""A flight as a plan of stages, and where the drone is at any second of it. No clock, no I/O."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from local.devices.geometry import Circle, Line, Path, Point, above

type Action = Literal["MISSION", "HOVER", "ORBIT"]
type DroneState = Literal[
    "GPS_NORMAL", "WAYPOINT", "HOVER", "ORBIT", "RETURNING", "LANDED", "DOCKED"
]
type DockState = Literal["CLOSED", "OPENING", "OPEN", "TASK_INPROGRESS", "CLOSING", "CHARGING"]

CRUISE, ORBIT_SPEED, CLIMB, DESCENT = 12.0, 5.0, 4.0, 2.5  # m/s
LOWEST, ORBIT_RADIUS = 15.0, 20.0  # m above the dock, m
DOOR_S, SETTLE_S, HOVER_S = 4.0, 3.0, 30.0
GROUNDED = {"DOCKED", "LANDED"}


@dataclass(frozen=True)
class Pose:
    """What can be seen from outside; degrees, metres per second."""

    drone: DroneState
    dock: DockState
    position: Point
    heading: float
    pitch: float = 0.0
    roll: float = 0.0
    ground_speed: float = 0.0
    vertical_speed: float = 0.0

    @property
    def airborne(self) -> bool:
        return self.drone not in GROUNDED


@dataclass(frozen=True)
class Stage:
    drone: DroneState
    dock: DockState
    path: Path
    seconds: float

    def pose(self, elapsed: float) -> Pose:
        position, heading = self.path.at(elapsed / self.seconds)
        speed = self.path.ground_metres / self.seconds
        return Pose(
            self.drone,
            self.dock,
            position,
            heading,
            pitch=-speed,  # leans into it
            roll=10.0 if isinstance(self.path, Circle) else 0.0,
            ground_speed=speed,
            vertical_speed=self.path.climb_metres / self.seconds,
        )


@dataclass(frozen=True)
class Flight:
    stages: Sequence[Stage]
    home: Point

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages)

    def at(self, elapsed: float) -> Pose:
        heading = 0.0
        for stage in self.stages:
            if elapsed < stage.seconds:
                return stage.pose(elapsed)
            elapsed -= stage.seconds
            _, heading = stage.path.at(1)
        return Pose("DOCKED", "CLOSED", self.home, heading)

    def airborne_seconds(self, elapsed: float) -> float:
        """How much of the time so far it was in the air: what the battery pays for."""
        spent = 0.0
        for stage in self.stages:
            if stage.drone not in GROUNDED:
                spent += min(max(elapsed, 0), stage.seconds)
            elapsed -= stage.seconds
        return spent

    def without_end(self) -> "Flight":
        """The same, except that it never turns home."""
        out = [stage for stage in self.stages if stage.drone not in {"RETURNING", *GROUNDED}]
        last, heading = out[-1].path.at(1)
        waiting = Stage("HOVER", "TASK_INPROGRESS", Line(last, last, heading), math.inf)
        return Flight([self.stages[0], *out, waiting], self.home)

    def turned_back(self, elapsed: float) -> "Flight":
        """From where it is, straight home; still on the ground, it only closes its door."""
        pose = self.at(elapsed)
        return Flight(list(homeward(pose.position, self.home, pose.heading)), self.home)


def planned(home: Point, waypoints: Iterable[Point], action: Action) -> Flight:
    """Open, climb, fly there, do it, return, land, close; no waypoints: above the dock."""
    lowest = home.alt + LOWEST
    points = [above(each, max(each.alt, lowest)) for each in waypoints] or [above(home, lowest)]
    out = list(outward(home, points, action))
    last, heading = out[-1].path.at(1)
    return Flight([*out, *homeward(last, home, heading)], home)


def outward(home: Point, points: Sequence[Point], action: Action) -> Iterator[Stage]:
    here, heading = above(home, points[0].alt), 0.0
    orbit = Circle(points[-1], ORBIT_RADIUS)
    targets = [*points[:-1], orbit.at(0)[0]] if action == "ORBIT" else points
    yield still("DOCKED", "OPENING", home, heading, DOOR_S)
    yield Stage("GPS_NORMAL", "OPEN", Line(home, here, heading), (here.alt - home.alt) / CLIMB)
    for target in targets:
        line = Line.between(here, target, heading)
        yield from legs("WAYPOINT", line)
        here, heading = target, line.heading
    match action:
        case "HOVER":
            yield still("HOVER", "TASK_INPROGRESS", here, heading, HOVER_S)
        case "ORBIT":
            yield Stage("ORBIT", "TASK_INPROGRESS", orbit, orbit.ground_metres / ORBIT_SPEED)


def homeward(start: Point, home: Point, heading: float) -> Iterator[Stage]:
    if start != home:
        level = Line.between(start, above(home, start.alt), heading)
        heading = level.heading
        yield from legs("RETURNING", level)
        if start.alt > home.alt:
            down, seconds = Line(level.end, home, heading), (start.alt - home.alt) / DESCENT
            yield Stage("RETURNING", "OPEN", down, seconds)
        yield still("LANDED", "OPEN", home, heading, SETTLE_S)
    yield still("DOCKED", "CLOSING", home, heading, DOOR_S)


def legs(drone: DroneState, line: Line) -> Iterator[Stage]:
    """One leg, unless it leads nowhere; as slow as its climb makes it."""
    seconds = max(line.ground_metres / CRUISE, abs(line.climb_metres) / CLIMB)
    if seconds:
        yield Stage(drone, "TASK_INPROGRESS", line, seconds)


def still(
    drone: DroneState, dock: DockState, where: Point, heading: float, seconds: float
) -> Stage:
    return Stage(drone, dock, Line(where, where, heading), seconds)
