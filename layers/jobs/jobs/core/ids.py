"""Ids of new jobs."""

import hashlib
import re
import secrets
from typing import Final
from uuid import UUID

from jobs.kit.clock import Millis

TENANT: Final = "[a-z0-9][a-z0-9-]{0,62}"
"""The pattern of tenant ids, which partners call organisations."""
MAX_SHARDS: Final = 16
"""An id has four bits for its shard."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Return whether the text is a UUID with dashes, of any version and case."""
    return _UUID.fullmatch(text) is not None


def parse_uuid(text: str) -> str | None:
    """Return a UUID as Sortie stores it, in lower case (RFC 9562, 4), or None for other text."""
    return text.lower() if is_uuid(text) else None


def is_job_id(text: str) -> bool:
    """Return whether the text is a UUID of version 7 or 8, as the ids of all jobs."""
    return is_uuid(text) and text[14] in "78"


def is_tenant(text: str) -> bool:
    return re.fullmatch(TENANT, text) is not None


def new_job_id(now: Millis, *, tag: str | None = None, shards: int = 1) -> str:
    """Return a UUIDv7 (RFC 9562, 5.7): ids sort by time of creation, so listings need no index.

    A tag replaces the last 48 of the 74 random bits. The standard library
    creates such ids from Python 3.14 on.

    With several shards, the id is a UUIDv8 (RFC 9562, 5.8) of the same layout, and its first random
    digit names one of them. So the id alone says where its job is stored, whatever the number of
    shards is now.
    """
    value = now << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    if shards > 1:
        value = value & ~(0xFF << 72) | (0x80 | secrets.randbelow(shards)) << 72
    if tag is not None:
        value = value >> 48 << 48 | int(tag, 16)
    return str(UUID(int=value))


def shard_of(job_id: str) -> int:
    """Return the shard that an id names: 0 for every UUIDv7."""
    return int(job_id[15], 16) if job_id[14:15] == "8" else 0


def created_at(job_id: str) -> Millis:
    """Return the time of creation that a job's id contains."""
    return UUID(job_id).int >> 80


def earliest_id(at: Millis) -> str:
    """Return the prefix of ids of that millisecond; earlier ids sort before it."""
    text = f"{at:012x}"
    return f"{text[:8]}-{text[8:]}"


def tenant_tag(tenant: str, *, stack: str) -> str:
    """Return 12 hex digits that identify a stack's tenant in topics, which MQTT policies match.

    All stacks of an AWS account share one broker.
    """
    return hashlib.sha256(f"{stack}/{tenant}".encode()).hexdigest()[:12]
