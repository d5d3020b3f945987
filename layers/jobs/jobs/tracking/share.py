"""Shares: a code lets whoever has it watch one job or device group, for a while."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jobs.kit.clock import Millis
from jobs.tracking.resource import Resource


class ShareType(StrEnum):
    """How much of the resource is shown: with or without where the drone is."""

    STREAM = "STREAM"
    DEVICE_STATUS = "DEVICE_STATUS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`max_viewers` may have a WebSocket connection at the same time; None: any number.

    The code is a credential: keys, logs and executions name the share by its `id`.
    """

    code: str
    resource: Resource
    type: ShareType
    created_at: Millis
    expires_at: Millis
    max_viewers: int | None
    metadata: Mapping[str, Any]

    @property
    def id(self) -> str:
        return share_id(self.code)

    @property
    def topic(self) -> str:
        return f"{self.code}/SHARE/STATUS"


def new_code() -> str:
    """Return a code of 192 random bits that can stand in a URL, and in an MQTT topic."""
    return secrets.token_urlsafe(24)


def share_id(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()[:32]
