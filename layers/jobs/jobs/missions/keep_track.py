"""Keep where the drone of a mission was, for the map of past missions."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from jobs.kit.clock import Millis
from jobs.kit.errors import UnavailableError
from jobs.missions.device import DeviceState, Reading, TrackPoint
from jobs.missions.mission import parse_job_id
from jobs.missions.ports import Tracks

STEP_MS: Final = 5000
MAX_POINTS: Final = 720
"""An hour, the default of the longest flight, and less than a page of DynamoDB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepTrack:
    """`retention` is that of the mission, which ends after its points: they never go first."""

    tracks: Tracks
    retention: Millis
    max_flight: Millis

    def __call__(self, point: TrackPoint) -> None:
        """Best effort: a lost point is a gap of some seconds."""
        with suppress(UnavailableError):
            self.tracks.add(point, until=point.at + self.max_flight + self.retention)


def pick_point(before: DeviceState, after: DeviceState) -> TrackPoint | None:
    """Return the point of a stored reading: the first of its order, or of the next five seconds.

    Only the mission that has leased the device gets points, whatever order the device names.
    """
    reading, lease = after.reading, after.lease
    if reading is None or lease is None or reading.position is None:
        return None
    if reading.order is None or parse_job_id(reading.order) != lease.job.id:
        return None
    if before.seen_at // STEP_MS == after.seen_at // STEP_MS and _same_order(before, reading):
        return None
    lon, lat, alt = (*reading.position, 0)[:3]
    return TrackPoint(job=lease.job.id, at=after.seen_at, lon=lon, lat=lat, alt=alt)


def _same_order(before: DeviceState, reading: Reading) -> bool:
    return before.reading is not None and before.reading.order == reading.order
