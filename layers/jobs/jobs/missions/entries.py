"""Device groups, devices and missions, as registry files and the admin API write them."""

from typing import Annotated

from pydantic import Field, field_validator

from jobs.core.entry import Entry
from jobs.kit.body_rules import Whole
from jobs.missions.device import (
    MAX_ALTITUDE_M,
    MAX_WAYPOINTS_LENGTH,
    MIN_ALTITUDE_M,
    Device,
    DeviceGroup,
    Plan,
    fit_into_order,
)


class DeviceEntry(Entry):
    id: str = Field(
        pattern=r"^[a-zA-Z0-9:_-]{1,64}$", description="the end of the AWS IoT thing's name"
    )
    name: str = Field(min_length=1)
    rangeMeters: Annotated[int, Whole] | None = Field(  # noqa: N815 - wire name
        default=None,
        ge=1,
        le=1_000_000,
        description="the farthest from the dock that a mission may begin; default: anywhere",
    )


class DeviceOfGroup(DeviceEntry):
    """A device of the admin API, which names its group."""

    groupId: str = Field(pattern=r"^[a-zA-Z0-9:_.-]{1,128}$")  # noqa: N815 - wire name


class GroupFields(Entry):
    id: str = Field(pattern=r"^[a-zA-Z0-9:_.-]{1,128}$", description="the first part of a topic")
    name: str = Field(min_length=1)
    description: str = ""


class DeviceGroupEntry(GroupFields):
    """A group in a registry file, with its devices."""

    devices: list[DeviceEntry] = Field(default=[])


class MissionEntry(Entry):
    id: str = Field(pattern=r"^[a-zA-Z0-9:_.-]{1,128}$")
    name: str = Field(min_length=1)
    waypoints: list[
        tuple[
            Annotated[float, Field(ge=-180, le=180, description="longitude, °")],
            Annotated[float, Field(ge=-90, le=90, description="latitude, °")],
            Annotated[
                float,
                Field(
                    ge=MIN_ALTITUDE_M,
                    le=MAX_ALTITUDE_M,
                    description="altitude above the take-off point, m",
                ),
            ],
        ]
    ] = Field(min_length=1)

    @field_validator("waypoints")
    @classmethod
    def _check_they_fit_into_an_order(
        cls, waypoints: list[tuple[float, float, float]]
    ) -> list[tuple[float, float, float]]:
        if not fit_into_order(waypoints):
            raise ValueError(
                f"{len(waypoints)} waypoints are too many for an order to a device: as JSON, they "
                f"may have {MAX_WAYPOINTS_LENGTH} characters. Use fewer waypoints or digits"
            )
        return waypoints


def to_group(tenant: str, entry: DeviceGroupEntry) -> DeviceGroup:
    return DeviceGroup(
        id=entry.id,
        tenant=tenant,
        name=entry.name,
        description=entry.description,
        devices=tuple(to_device(tenant, entry.id, device) for device in entry.devices),
    )


def to_device(tenant: str, group: str, entry: DeviceEntry) -> Device:
    return Device(
        id=entry.id, tenant=tenant, group=group, name=entry.name, range_m=entry.rangeMeters
    )


def to_plan(entry: MissionEntry) -> Plan:
    return Plan(id=entry.id, name=entry.name, waypoints=tuple(entry.waypoints))
