"""Docked drones, their groups, plans, readings and leases."""

import json
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


def fit_into_order(waypoints: Sequence[Sequence[float]]) -> bool:
    """Return whether an order can carry the waypoints to a device."""
    return len(json.dumps(waypoints, separators=(",", ":"))) <= MAX_WAYPOINTS_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """`jobs.missions.thing` has the name of its AWS IoT thing."""

    id: str
    tenant: str
    group: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroup:
    id: str
    tenant: str
    name: str
    description: str = ""
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A registered mission; each waypoint is `[longitude °, latitude °, altitude m]`."""

    id: str
    name: str
    waypoints: tuple[tuple[float, float, float], ...]


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
    sensorPayload, weather (contract missions.md, Flying a mission).
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

    def status(self, now: Millis) -> Literal["online", "offline", "busy"]:
        """Return the status of the resources API (contract missions.md)."""
        if not self.is_online(now):
            return "offline"
        return "online" if self.is_free(now) else "busy"
