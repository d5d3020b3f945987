"""What the missions API answers about shares."""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from pydantic import with_config

from jobs.kit.types import WHOLE, Time

Yes = Literal[True]


@with_config(WHOLE)
class NewShare(TypedDict):
    shareCode: str
    shareUrl: str
    expiresAt: Time
    maxViewers: int | None


@with_config(WHOLE)
class CreatedShare(TypedDict):
    success: Yes
    share: NewShare


@with_config(WHOLE)
class Share(NewShare):
    resourceId: str
    shareType: Literal["STREAM", "DEVICE_STATUS"]
    permissions: list[Literal["view"]]
    createdAt: Time
    metadata: Mapping[str, Any]


@with_config(WHOLE)
class FoundShare(TypedDict):
    success: Yes
    share: Share


@with_config(WHOLE)
class Shares(TypedDict):
    success: Yes
    shares: list[Share]
    count: int
