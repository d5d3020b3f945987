"""The missions API (contract: missions.md): messages to watchers of jobs and devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.kit.iso_time import iso
from jobs.missions.device import DeviceState
from jobs.tracking.share import Share, ShareType

if TYPE_CHECKING:
    from jobs.tracking.api import types

JOB_STATES: Final[Mapping[JobStatus, types.JobState]] = {
    JobStatus.PENDING: "PENDING",
    JobStatus.QUEUED: "QUEUED",
    JobStatus.RUNNING: "INPROGRESS",
    JobStatus.SUCCEEDED: "COMPLETED",
    JobStatus.FAILED: "FAILED",
    JobStatus.CANCELLED: "CANCELLED",
    JobStatus.TIMED_OUT: "FAILED",
}
_JOB_FIELDS: Final[tuple[types.ReadingField, ...]] = (
    "droneState", "dockState", "battery", "navigation", "sensorPayload",
)  # fmt: skip
_DEVICE_FIELDS: Final[tuple[types.ReadingField, ...]] = (*_JOB_FIELDS, "weather")
_ALWAYS_SHARED: Final = {
    "jobState", "droneState", "dockState", "battery", "weather", "timestamp",
}  # fmt: skip
_SHARED: Final[Mapping[ShareType, set[str]]] = {
    ShareType.STREAM: _ALWAYS_SHARED | {"navigation"},
    ShareType.DEVICE_STATUS: _ALWAYS_SHARED,
}


def job_message(
    status: JobStatus, state: DeviceState | None, *, at: Millis | None = None
) -> types.JobMessage:
    device: types.DeviceMessage = _to_message(state, _JOB_FIELDS, at) if state else _timestamp(at)
    return {"jobState": JOB_STATES[status], **device}


def device_message(state: DeviceState, *, at: Millis | None = None) -> types.DeviceMessage:
    return _to_message(state, _DEVICE_FIELDS, at)


def filter_for_share(message: Mapping[str, Any], share: Share) -> dict[str, Any]:
    """Keep the fields that the share shows. A number stands for the id of a group's device."""
    shown = {name: value for name, value in message.items() if name in _SHARED[share.type]}
    number = share.number_of(message["deviceId"]) if "deviceId" in message else None
    return shown if number is None else {"deviceNumber": number, **shown}


def _to_message(
    state: DeviceState, fields: tuple[types.ReadingField, ...], at: Millis | None
) -> types.DeviceMessage:
    message: types.DeviceMessage = {"deviceId": state.device}
    if state.reading is not None:
        values = state.reading.values
        for name in fields:
            if name in values:
                message[name] = values[name]
        message["timestamp"] = state.reading.timestamp
    return {**message, **_timestamp(at)}


def _timestamp(at: Millis | None) -> types.DeviceMessage:
    return {} if at is None else {"timestamp": iso(at)}
