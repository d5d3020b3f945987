"""Missions that are watched, as the shared workers see them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, override

from jobs.kit.errors import UnavailableError
from jobs.missions.kind import MissionKind

if TYPE_CHECKING:
    from jobs.core.job import Job
    from jobs.tracking.wiring import TrackingWiring


class TrackedMissionKind(MissionKind):
    """Every change of a mission is sent to its watchers, too."""

    def __init__(self, wiring: TrackingWiring) -> None:
        super().__init__(wiring.missions)
        self._tracking = wiring

    @override
    def follow(self, job: Job) -> bool:
        super().follow(job)
        with suppress(UnavailableError):  # watchers see the next change; jobs do not wait for them
            self._tracking.notify_watchers.notify_change(job)
        return True
