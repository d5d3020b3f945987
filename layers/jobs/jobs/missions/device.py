"""Docked drones, their groups, plans, readings and leases."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from jobs.core.job import JobRef
from jobs.kit.clock import Millis

ONLINE_TIMEOUT_MS: Final[Millis] = 15_000
"""A device reports at least every 5 s. Without a reading for this long it is offline."""

MAX_WAYPOINTS_LENGTH: Final = 32_000
"""Characters of a mission's waypoints as JSON, about 1,000 waypoints. The rest of an order needs
less than what is left of the 32,768 characters of an AWS IoT job document:
https://docs.aws.amazon.com/iot/latest/apireference/API_CreateJob.html"""


type Place = tuple[float, float]
"""Longitude and latitude in degrees."""

_EARTH_RADIUS_M: Final = 6_371_000

MIN_ALTITUDE_M: Final = 0
MAX_ALTITUDE_M: Final = 500
"""All altitudes are metres above the take-off point, in plans, requests, orders and telemetry."""


def fit_into_order(waypoints: Sequence[Sequence[float]]) -> bool:
    """Return whether an order can carry the waypoints to a device."""
    return len(json.dumps(waypoints, separators=(",", ":"))) <= MAX_WAYPOINTS_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """`jobs.missions.thing` has the name of its AWS IoT thing.

    `range_m` is the farthest from its dock that a mission may begin; None: anywhere.
    """

    id: str
    tenant: str
    group: str
    name: str
    range_m: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroup:
    id: str
    tenant: str
    name: str
    description: str = ""
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A registered mission; each waypoint is `[longitude °, latitude °, altitude m]`.

    The altitude is above the take-off point.
    """

    id: str
    name: str
    waypoints: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """A page of an organisation's plans by id; `next` is the id after which the next one begins."""

    plans: Sequence[Plan]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The exclusive use of a device by one mission, until `until`; readings renew it.

    `fence` increases with each lease of the device.
    """

    job: JobRef
    fence: int
    until: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A telemetry message. `sequence` increases; `order` is the id of the current order.

    `values` holds the fields for watchers: droneState, dockState, navigation,
    sensorPayload, battery, weather (contract missions.md, Flying a mission).
    """

    device: str
    sequence: int
    online: bool
    order: str | None
    timestamp: str
    values: Mapping[str, Any]

    @property
    def docked(self) -> bool:
        return self.values.get("droneState") == "DOCKED"

    @property
    def position(self) -> Sequence[float] | None:
        """Longitude, latitude and perhaps the altitude of the drone, if known."""
        position: Sequence[float] | None = (
            self.values.get("navigation", {}).get("position", {}).get("coordinates")
        )
        return position

    @property
    def place(self) -> Place | None:
        return (self.position[0], self.position[1]) if self.position else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnection:
    """The device has lost its connection: the broker has published its last will."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackPoint:
    """Where the drone of a mission was; `alt` is 0 if the drone does not report it."""

    job: str
    at: Millis
    lon: float
    lat: float
    alt: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReading:
    """A reading that has been stored, to be followed up.

    `orders` have started or ended with it. `was_free` tells whether the device was free before.
    `point` is the next one of its mission's track, if it is time for one.
    """

    device: str
    tenant: str
    orders: tuple[str, ...] = ()
    was_free: bool = False
    point: TrackPoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """The stored state of a device; without a first report, only its id."""

    device: str
    seen_at: Millis = 0
    reading: Reading | None = None
    lease: Lease | None = None

    def is_online(self, now: Millis) -> bool:
        return (
            self.reading is not None
            and self.reading.online
            and now < self.seen_at + ONLINE_TIMEOUT_MS
        )

    def is_leased(self, now: Millis) -> bool:
        return self.lease is not None and now < self.lease.until

    def is_free(self, now: Millis) -> bool:
        """Return whether the device can take a mission: online, docked, no lease, no order.

        An expired lease is not enough: the drone may be in the air without its
        link. The device itself must report that it is docked.
        """
        return (
            self.is_online(now)
            and not self.is_leased(now)
            and self.reading is not None
            and self.reading.docked
            and self.reading.order is None
        )

    def distance_to(self, start: Place) -> float | None:
        """Return the metres from the device's dock; None unless it reported last that it is docked.

        A drone away from its dock does not tell where the dock is.
        """
        if self.reading is None or not self.reading.docked or self.reading.place is None:
            return None
        return distance_m(self.reading.place, start)

    def status(self, now: Millis) -> Literal["online", "offline", "busy"]:
        """Return the status of the resources API (contract missions.md)."""
        if not self.is_online(now):
            return "offline"
        return "online" if self.is_free(now) else "busy"


def distance_m(one: Place, other: Place) -> float:
    """Return the metres between two places along the ground, by the haversine formula."""
    (lon, lat), (other_lon, other_lat) = (map(math.radians, each) for each in (one, other))
    chord = (
        math.sin((other_lat - lat) / 2) ** 2
        + math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))
