"""Responses about shares, and messages to watchers, in the missions API: types."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit.types import CLOSED, Time

Yes = Literal[True]


@with_config(CLOSED)
class ShareSummary(TypedDict):
    shareCode: str
    shareUrl: str
    expiresAt: Time
    maxViewers: int | None


@with_config(CLOSED)
class CreateShareResponse(TypedDict):
    success: Yes
    share: ShareSummary


@with_config(CLOSED)
class Share(ShareSummary):
    resourceId: str
    shareType: Literal["STREAM", "DEVICE_STATUS"]
    permissions: list[Literal["view"]]
    createdAt: Time
    metadata: Mapping[str, Any]


@with_config(CLOSED)
class GetShareResponse(TypedDict):
    success: Yes
    share: Share


@with_config(CLOSED)
class ListSharesResponse(TypedDict):
    success: Yes
    shares: list[Share]
    count: Annotated[int, Field(description="The number of shares in this page")]
    nextCursor: NotRequired[Annotated[str, Field(description="For the next page, if any")]]


JobState = Literal["PENDING", "QUEUED", "INPROGRESS", "COMPLETED", "FAILED", "CANCELLED"]
ReadingField = Literal[
    "droneState", "dockState", "battery", "navigation", "sensorPayload", "weather",
]  # fmt: skip
"""The fields of a device's reading that watchers receive."""


class DeviceMessage(TypedDict, total=False):
    """Unknown values are absent. A share has `deviceNumber` for the `deviceId` of a group."""

    deviceId: str
    deviceNumber: int
    droneState: str
    dockState: str
    battery: float
    navigation: Mapping[str, Any]
    sensorPayload: Mapping[str, Any]
    weather: Mapping[str, Any]
    timestamp: str


class JobMessage(DeviceMessage):
    jobState: JobState
