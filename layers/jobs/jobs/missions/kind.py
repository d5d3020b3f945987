"""The kind of missions, for the shared workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jobs.core.status import JobStatus
from jobs.missions.errors import (
    DeviceGroupNotFoundError,
    DeviceNotFoundError,
    DeviceOfflineError,
    PlanNotFoundError,
    PlanTooLargeError,
)
from jobs.missions.mission import JOB_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.core.job import Job, JobRef
    from jobs.missions.wiring import MissionsWiring


class MissionKind:
    refusals: Final[Mapping[type[Exception], tuple[str, str]]] = {
        DeviceGroupNotFoundError: ("DEVICE_GROUP_NOT_FOUND", "Device group not found"),
        DeviceNotFoundError: ("DEVICE_NOT_FOUND", "Device not found in this device group"),
        PlanNotFoundError: ("MISSION_NOT_FOUND", "Mission not found"),
        PlanTooLargeError: ("INVALID_REQUEST", "Mission has too many waypoints for a device"),
        DeviceOfflineError: ("DEVICE_OFFLINE", "Device is offline"),
    }

    def __init__(self, wiring: MissionsWiring) -> None:
        self._wiring = wiring

    def link(self, ref: JobRef, details: object | None) -> str:
        return JOB_PATH.format(id=ref.id)

    def follow(self, job: Job) -> bool:
        self._wiring.follow_mission(job)
        return True

    def survives_dead_letter(self, job: Job) -> bool:
        """Keep a mission in flight: its state machine watches it."""
        return job.status is JobStatus.RUNNING

    def create(self, request: Mapping[str, Any], *, tenant: str, key: str) -> Job:
        from jobs.missions.api import requests

        new = requests.parse_mission(
            request,
            tenant=tenant,
            key=key,
            now=self._wiring.core.clock(),
            loopback=self._wiring.core.webhooks_to_loopback,
        )
        return self._wiring.create_mission(new)
