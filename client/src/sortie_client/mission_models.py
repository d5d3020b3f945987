"""What the missions API says of missions, drones, shares and flights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sortie_client._decode import Model


class MissionStatus(StrEnum):
    PENDING = "PENDING"
    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_over(self) -> bool:
        return self in _OVER


_OVER: Final = frozenset({MissionStatus.COMPLETED, MissionStatus.FAILED, MissionStatus.CANCELLED})


@dataclass(frozen=True, kw_only=True)
class MissionBrief(Model):
    job_id: str
    name: str
    status: MissionStatus
    priority: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Mission(MissionBrief):
    """`device_id` is the drone that flies it, or that was asked for; `error` why it has failed."""

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
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class MissionPage(Model):
    jobs: Sequence[MissionBrief]
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
class Resources(Model):
    resources: Sequence[DeviceGroup]


@dataclass(frozen=True, kw_only=True)
class NewShare(Model):
    share_code: str
    share_url: str
    expires_at: datetime
    max_viewers: int | None = None


@dataclass(frozen=True, kw_only=True)
class Share(NewShare):
    resource_id: str
    share_type: str
    created_at: datetime
    permissions: Sequence[str] = ()
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Shares(Model):
    shares: Sequence[Share]


@dataclass(frozen=True, kw_only=True)
class Position(Model):
    """GeoJSON: longitude °, latitude °, altitude m."""

    coordinates: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Orientation(Model):
    """Degrees."""

    heading: float
    pitch: float
    roll: float


@dataclass(frozen=True, kw_only=True)
class Velocity(Model):
    """Metres a second."""

    ground_speed: float
    vertical_speed: float


@dataclass(frozen=True, kw_only=True)
class Navigation(Model):
    position: Position | None = None
    orientation: Orientation | None = None
    velocity: Velocity | None = None


@dataclass(frozen=True, kw_only=True)
class Sighting(Model):
    """What watchers are sent; what is not known is None. `job_state` is that of a mission."""

    job_state: str | None = None
    device_id: str | None = None
    drone_state: str | None = None
    dock_state: str | None = None
    navigation: Navigation | None = None
    sensor_payload: Mapping[str, Any] | None = None
    weather: Mapping[str, Any] | None = None
    timestamp: datetime | None = None

    @property
    def is_last(self) -> bool:
        """Whether the mission is over, so that nothing will follow."""
        return self.job_state in _OVER
