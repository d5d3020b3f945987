"""The kind of missions, with notification of watchers, for the shared workers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, override

from jobs.kit.errors import RefusedError
from jobs.missions.kind import MissionKind
from jobs.tracking.change import change_of

if TYPE_CHECKING:
    from jobs.core.job import Job
    from jobs.tracking.wiring import TrackingWiring


class TrackedMissionKind(MissionKind):
    """Queues every change of a mission for its watchers: one call, however many there are."""

    def __init__(self, wiring: TrackingWiring) -> None:
        super().__init__(wiring.missions)
        self._tracking = wiring

    @override
    def follow(self, job: Job) -> bool:
        super().follow(job)
        with suppress(RefusedError):  # which would end the mission
            self._tracking.updates.send(change_of(job))
        return True
