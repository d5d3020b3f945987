"""The HTTP header `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from jobs.kit.clock import Millis

_SECONDS: Final = re.compile(r"(\d{1,9}(?:\.\d+)?)\s*(?:,.*)?", re.ASCII)
"""A proxy may have joined two headers; some servers send fractions."""


def retry_after_s(headers: Mapping[str, str], *, now: Millis) -> float:
    """Return the seconds to wait from `now`; 0 without a valid header, or for a past date."""
    text = headers.get("Retry-After", "").strip()
    if number := _SECONDS.fullmatch(text):
        return float(number[1])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0
    if until.tzinfo is None:  # a date of C's asctime has no zone, and means GMT
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.fromtimestamp(now / 1000, UTC)).total_seconds())
