"""Ids of new jobs."""

import re
import secrets
from typing import Final
from uuid import UUID

from jobs.domain.job import Millis

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Whether this is a UUID with dashes, of any version and in any case."""
    return _UUID.fullmatch(text) is not None


def new_job_id(now: Millis) -> str:
    """Return a UUIDv7 (RFC 9562, 5.7): ids sort by creation, so a tenant's jobs need no index.

    The standard library makes them from Python 3.14 on.
    """
    value = now << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=value))
