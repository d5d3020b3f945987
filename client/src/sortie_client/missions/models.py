"""Missions, drones, shares and tracking updates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sortie_client._core.models import Model


class MissionStatus(StrEnum):
    PENDING = "PENDING"
    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_terminal(self) -> bool:
        return self in _TERMINAL


_TERMINAL: Final = frozenset(
    {MissionStatus.COMPLETED, MissionStatus.FAILED, MissionStatus.CANCELLED}
)


@dataclass(frozen=True, kw_only=True)
class MissionSummary(Model):
    job_id: str
    name: str
    status: MissionStatus
    priority: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Mission(MissionSummary):
    """`device_id`: the assigned or requested drone; `error`: why the mission failed.

    `waypoints`: the planned route; each is longitude and latitude in degrees, altitude in metres.
    `track`: the flown route, if it was asked for; each also has milliseconds since the epoch.
    """

    device_group_id: str
    description: str | None = None
    mission_id: str | None = None
    device_id: str | None = None
    scheduled_at: datetime | None = None
    updated_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    error: str | None = None
    error_class: str | None = None
    waypoints: Sequence[Sequence[float]] = ()
    track: Sequence[Sequence[float]] | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class MissionPage(Model):
    jobs: Sequence[MissionSummary]
    count: int
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Device(Model):
    """`status`: online, offline or busy."""

    device_id: str
    name: str
    status: str


@dataclass(frozen=True, kw_only=True)
class DeviceGroup(Model):
    device_group_id: str
    name: str
    device_count: int
    devices: Sequence[Device]
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class ResourceList(Model):
    resources: Sequence[DeviceGroup]


@dataclass(frozen=True, kw_only=True)
class Plan(Model):
    """A registered mission; each waypoint is longitude and latitude in degrees, altitude in metres.

    `mission_id` of a create names it.
    """

    mission_id: str
    name: str
    waypoints: Sequence[Sequence[float]]


@dataclass(frozen=True, kw_only=True)
class PlanList(Model):
    missions: Sequence[Plan]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class CreatedShare(Model):
    share_code: str
    share_url: str
    expires_at: datetime
    max_viewers: int | None = None


@dataclass(frozen=True, kw_only=True)
class Share(CreatedShare):
    resource_id: str
    share_type: str
    created_at: datetime
    permissions: Sequence[str] = ()
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class ShareList(Model):
    shares: Sequence[Share]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Position(Model):
    """`coordinates`: longitude and latitude in degrees, altitude in metres (GeoJSON)."""

    coordinates: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Orientation(Model):
    """In degrees."""

    heading: float
    pitch: float
    roll: float


@dataclass(frozen=True, kw_only=True)
class Velocity(Model):
    """In metres per second."""

    ground_speed: float
    vertical_speed: float


@dataclass(frozen=True, kw_only=True)
class Navigation(Model):
    position: Position | None = None
    orientation: Orientation | None = None
    velocity: Velocity | None = None


@dataclass(frozen=True, kw_only=True)
class TrackingUpdate(Model):
    """The state of a mission (`job_state`) or device. Unknown values are None.

    A share has `device_number` for the `device_id` of a group. `battery` is in percent.
    """

    job_state: str | None = None
    device_id: str | None = None
    device_number: int | None = None
    drone_state: str | None = None
    dock_state: str | None = None
    battery: float | None = None
    navigation: Navigation | None = None
    sensor_payload: Mapping[str, Any] | None = None
    weather: Mapping[str, Any] | None = None
    timestamp: datetime | None = None

    @property
    def is_last(self) -> bool:
        """Whether the mission has ended, so that no update follows."""
        return self.job_state in _TERMINAL
