"""Plan a flight as stages, and compute the drone's pose at any second. No clock, no I/O."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from local.devices.geometry import Circle, Line, Path, Point, at_altitude

type Action = Literal["MISSION", "HOVER", "ORBIT"]
type DroneState = Literal[
    "GPS_NORMAL", "WAYPOINT", "HOVER", "ORBIT", "RETURNING", "LANDED", "DOCKED"
]
type DockState = Literal["CLOSED", "OPENING", "OPEN", "TASK_INPROGRESS", "CLOSING", "CHARGING"]

CRUISE_SPEED, ORBIT_SPEED, CLIMB_SPEED, DESCENT_SPEED = 12.0, 5.0, 4.0, 2.5  # m/s
MIN_ALTITUDE, ORBIT_RADIUS = 15.0, 20.0  # m above the dock, m
DOOR_S, SETTLE_S, HOVER_S = 4.0, 3.0, 30.0
GROUNDED_STATES = {"DOCKED", "LANDED"}


@dataclass(frozen=True)
class Pose:
    """The visible state of drone and dock; in degrees and metres per second."""

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
        return self.drone not in GROUNDED_STATES


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
            pitch=-speed,  # the nose tilts down with speed
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
        """Return the time in the air so far, which drains the battery."""
        total = 0.0
        for stage in self.stages:
            if stage.drone not in GROUNDED_STATES:
                total += min(max(elapsed, 0), stage.seconds)
            elapsed -= stage.seconds
        return total

    def without_end(self) -> "Flight":
        """Return the same flight without the return: the drone hovers for ever."""
        out = [stage for stage in self.stages if stage.drone not in {"RETURNING", *GROUNDED_STATES}]
        last, heading = out[-1].path.at(1)
        waiting = Stage("HOVER", "TASK_INPROGRESS", Line(last, last, heading), math.inf)
        return Flight([self.stages[0], *out, waiting], self.home)

    def turn_back(self, elapsed: float) -> "Flight":
        """Return the flight straight home; before take-off, the dock only closes its door."""
        pose = self.at(elapsed)
        return Flight(list(plan_return(pose.position, self.home, pose.heading)), self.home)


def plan_flight(home: Point, waypoints: Iterable[Point], action: Action) -> Flight:
    """Plan to open, climb, fly, act, return, land and close; without waypoints, above the dock."""
    lowest = home.alt + MIN_ALTITUDE
    points = [at_altitude(each, max(each.alt, lowest)) for each in waypoints] or [
        at_altitude(home, lowest)
    ]
    out = list(plan_outward(home, points, action))
    last, heading = out[-1].path.at(1)
    return Flight([*out, *plan_return(last, home, heading)], home)


def plan_outward(home: Point, points: Sequence[Point], action: Action) -> Iterator[Stage]:
    here, heading = at_altitude(home, points[0].alt), 0.0
    orbit = Circle(points[-1], ORBIT_RADIUS)
    targets = [*points[:-1], orbit.at(0)[0]] if action == "ORBIT" else points
    yield hold("DOCKED", "OPENING", home, heading, DOOR_S)
    yield Stage(
        "GPS_NORMAL", "OPEN", Line(home, here, heading), (here.alt - home.alt) / CLIMB_SPEED
    )
    for target in targets:
        line = Line.between(here, target, heading)
        yield from fly_leg("WAYPOINT", line)
        here, heading = target, line.heading
    match action:
        case "HOVER":
            yield hold("HOVER", "TASK_INPROGRESS", here, heading, HOVER_S)
        case "ORBIT":
            yield Stage("ORBIT", "TASK_INPROGRESS", orbit, orbit.ground_metres / ORBIT_SPEED)


def plan_return(start: Point, home: Point, heading: float) -> Iterator[Stage]:
    if start != home:
        level = Line.between(start, at_altitude(home, start.alt), heading)
        heading = level.heading
        yield from fly_leg("RETURNING", level)
        if start.alt > home.alt:
            down, seconds = Line(level.end, home, heading), (start.alt - home.alt) / DESCENT_SPEED
            yield Stage("RETURNING", "OPEN", down, seconds)
        yield hold("LANDED", "OPEN", home, heading, SETTLE_S)
    yield hold("DOCKED", "CLOSING", home, heading, DOOR_S)


def fly_leg(drone: DroneState, line: Line) -> Iterator[Stage]:
    """Yield one leg at the speed that its climb allows, or nothing if it leads nowhere."""
    seconds = max(line.ground_metres / CRUISE_SPEED, abs(line.climb_metres) / CLIMB_SPEED)
    if seconds:
        yield Stage(drone, "TASK_INPROGRESS", line, seconds)


def hold(drone: DroneState, dock: DockState, where: Point, heading: float, seconds: float) -> Stage:
    return Stage(drone, dock, Line(where, where, heading), seconds)
