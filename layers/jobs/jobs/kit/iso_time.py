"""Times in ISO 8601, UTC, with milliseconds."""

from datetime import UTC, datetime, timedelta
from typing import Final

from jobs.kit.clock import Millis

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def iso(at: Millis) -> str:
    moment = _EPOCH + timedelta(milliseconds=at)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
