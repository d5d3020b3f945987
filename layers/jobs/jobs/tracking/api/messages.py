"""The missions API (contract: missions.md): what watchers of jobs and devices are sent."""

from collections.abc import Mapping
from typing import Any, Final

from jobs.core.job import Millis
from jobs.core.status import JobStatus
from jobs.kit.iso_time import iso
from jobs.missions.device import DeviceState
from jobs.tracking.share import ShareType

JOB_STATES: Final[Mapping[JobStatus, str]] = {
    JobStatus.PENDING: "PENDING",
    JobStatus.QUEUED: "QUEUED",
    JobStatus.RUNNING: "INPROGRESS",
    JobStatus.SUCCEEDED: "COMPLETED",
    JobStatus.FAILED: "FAILED",
    JobStatus.CANCELLED: "CANCELLED",
    JobStatus.TIMED_OUT: "FAILED",
}
_OF_A_JOB: Final = ("droneState", "dockState", "navigation", "sensorPayload")
_OF_A_DEVICE: Final = (*_OF_A_JOB, "weather")
_ALWAYS_SHARED: Final = {"jobState", "droneState", "dockState", "weather", "timestamp"}
_SHARED: Final[Mapping[ShareType, set[str]]] = {
    ShareType.STREAM: _ALWAYS_SHARED | {"navigation"},
    ShareType.DEVICE_STATUS: _ALWAYS_SHARED,
}


def of_job(
    status: JobStatus, state: DeviceState | None, *, at: Millis | None = None
) -> dict[str, Any]:
    seen = _seen(state, _OF_A_JOB) if state else {}
    return {"jobState": JOB_STATES[status]} | seen | _timestamp(at)


def of_device(state: DeviceState, *, at: Millis | None = None) -> dict[str, Any]:
    return _seen(state, _OF_A_DEVICE) | _timestamp(at)


def shared(message: Mapping[str, Any], share: ShareType) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name in _SHARED[share]}


def _seen(state: DeviceState, names: tuple[str, ...]) -> dict[str, Any]:
    if state.reading is None:
        return {"deviceId": state.device}
    values = state.reading.values
    return {
        "deviceId": state.device,
        **{name: values[name] for name in names if name in values},
        "timestamp": state.reading.timestamp,
    }


def _timestamp(at: Millis | None) -> dict[str, str]:
    return {} if at is None else {"timestamp": iso(at)}
