"""Ids of new jobs."""

import hashlib
import re
import secrets
from typing import Final
from uuid import UUID

from jobs.kit.clock import Millis

TENANT: Final = "[a-z0-9][a-z0-9-]{0,62}"
"""The pattern of tenant ids, which partners call organisations."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Return whether the text is a UUID with dashes, of any version and case."""
    return _UUID.fullmatch(text) is not None


def is_tenant(text: str) -> bool:
    return re.fullmatch(TENANT, text) is not None


def new_job_id(now: Millis, *, tag: str | None = None) -> str:
    """Return a UUIDv7 (RFC 9562, 5.7): ids sort by time of creation, so listings need no index.

    A tag replaces the last 48 of the 74 random bits. The standard library
    creates such ids from Python 3.14 on.
    """
    value = now << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    if tag is not None:
        value = value >> 48 << 48 | int(tag, 16)
    return str(UUID(int=value))


def earliest_id(at: Millis) -> str:
    """Return the prefix of ids of that millisecond; earlier ids sort before it."""
    text = f"{at:012x}"
    return f"{text[:8]}-{text[8:]}"


def tenant_tag(tenant: str, *, stack: str) -> str:
    """Return 12 hex digits that identify a stack's tenant in topics, which MQTT policies match.

    All stacks of an AWS account share one broker.
    """
    return hashlib.sha256(f"{stack}/{tenant}".encode()).hexdigest()[:12]
