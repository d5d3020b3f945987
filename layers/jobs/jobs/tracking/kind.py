"""The kind of missions, with notification of watchers, for the shared workers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, override

from jobs.kit.errors import RefusedError, UnavailableError
from jobs.missions.kind import MissionKind

if TYPE_CHECKING:
    from jobs.core.job import Job
    from jobs.tracking.wiring import TrackingWiring


class TrackedMissionKind(MissionKind):
    """Sends every change of a mission to its watchers."""

    def __init__(self, wiring: TrackingWiring) -> None:
        super().__init__(wiring.missions)
        self._tracking = wiring

    @override
    def follow(self, job: Job) -> bool:
        super().follow(job)
        with suppress(UnavailableError, RefusedError):  # a lost notification must not block the job
            self._tracking.notify_watchers.notify_change(job)
        return True
