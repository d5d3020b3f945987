"""Shares: a code lets viewers watch one job or device group until it expires."""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jobs.kit.clock import Millis
from jobs.tracking.resource import Resource


class ShareType(StrEnum):
    """The fields that viewers see: STREAM includes the position of the drone."""

    STREAM = "STREAM"
    DEVICE_STATUS = "DEVICE_STATUS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`max_viewers` is the limit of simultaneous WebSocket connections; None: no limit.

    The code is a credential: keys, logs and executions contain only the `id`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePage:
    """A page of an organisation's shares; `next` is the id after which the next page begins."""

    shares: Sequence[Share]
    next: str | None


def new_code() -> str:
    """Return a code of 192 random bits, valid in URLs and MQTT topics."""
    return secrets.token_urlsafe(24)


def is_share_id(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{32}", text) is not None


def share_id(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()[:32]
