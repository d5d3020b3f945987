"""Docked drones: which there are, and what each is doing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from jobs.core.job import JobRef
from jobs.kit.clock import Millis

ONLINE_TIMEOUT_MS: Final[Millis] = 15_000
"""A device reports every 5 s at least; one that was not heard for so long is out of reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """`id` is its name as an AWS IoT thing too."""

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
    """A mission that is registered to be flown: `[longitude °, latitude °, altitude m]` each."""

    id: str
    name: str
    waypoints: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One mission has the device, until it reports otherwise or is not heard of until `until`.

    `fence` rises with each lease of the device.
    """

    job: JobRef
    fence: int
    until: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a device reports of itself. `sequence` rises; `order` is the id of what it works on.

    `values` holds what watchers are shown: droneState, dockState, navigation,
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
    """All that is known of a device; of one that never reported, nothing but its id."""

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
        """Whether it can be given a mission: in reach, in its dock, and at nobody's service.

        A lease that has run out frees the device only together with its own
        word that it is back: it may be in the air with its link lost.
        """
        return (
            self.is_online(now)
            and not self.is_leased(now)
            and self.reading is not None
            and self.reading.docked
            and self.reading.order is None
        )

    def status(self, now: Millis) -> Literal["online", "offline", "busy"]:
        """`online`, `offline` or `busy`, as the contract's resources spell it."""
        if not self.is_online(now):
            return "offline"
        return "online" if self.is_free(now) else "busy"
