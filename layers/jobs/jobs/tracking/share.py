"""Shares: a code lets viewers watch one job or device group until it expires."""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from jobs.kit.clock import Millis
from jobs.tracking.resource import Resource

_FIRST_LATER_NUMBER: Final = 1_001
_LATER_NUMBERS: Final = 9_000


class ShareType(StrEnum):
    """The fields that viewers see: STREAM includes the position of the drone."""

    STREAM = "STREAM"
    DEVICE_STATUS = "DEVICE_STATUS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`max_viewers` is the limit of simultaneous WebSocket connections; None: no limit.

    The code is a credential: keys, logs and executions contain only the `id`. `devices` are the
    ids of a shared group's devices, in the order of the group when it was shared.
    """

    code: str
    resource: Resource
    type: ShareType
    created_at: Millis
    expires_at: Millis
    max_viewers: int | None
    metadata: Mapping[str, Any]
    devices: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return share_id(self.code)

    def number_of(self, device: str) -> int | None:
        """Return the number that stands for a device of a shared group, the first being 1.

        It never changes, whatever is registered later. A later device gets a number of its own,
        far above the others; None without a list of devices.
        """
        if not self.devices:
            return None
        if device in self.devices:
            return self.devices.index(device) + 1
        digest = hashlib.sha256(f"{self.code} {device}".encode()).digest()
        return _FIRST_LATER_NUMBER + int.from_bytes(digest[:4]) % _LATER_NUMBERS

    @property
    def topic(self) -> str:
        return f"{self.code}/SHARE/STATUS"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareExpiry:
    """A share, by its id, whose time has come."""

    id: str
    resource: Resource


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
