"""The fields of messages to watchers."""

import pytest

from jobs.core.status import JobStatus
from jobs.missions.api.responses import STATUS_NAMES
from jobs.missions.device import DeviceState, Reading
from jobs.tracking.api import messages as missions_messages
from jobs.tracking.share import ShareType
from tests.support import NOON

VALUES = {
    "droneState": "WAYPOINT", "dockState": "TASK_INPROGRESS", "navigation": {"position": {}},
    "sensorPayload": {"camera": {}}, "weather": {"rain": False},
}  # fmt: skip
READING = Reading(
    device="dock-1", sequence=1, online=True, order=None,
    timestamp="2026-01-01T12:00:01.250Z", values=VALUES,
)  # fmt: skip
STATE = DeviceState(device="dock-1", reading=READING)


def test_job_message_has_state_and_reading_without_weather() -> None:
    message = missions_messages.job_message(JobStatus.RUNNING, STATE)

    assert message == {
        "jobState": "INPROGRESS",
        "deviceId": "dock-1",
        "droneState": "WAYPOINT",
        "dockState": "TASK_INPROGRESS",
        "navigation": {"position": {}},
        "sensorPayload": {"camera": {}},
        "timestamp": "2026-01-01T12:00:01.250Z",
    }


def test_device_message_has_weather_and_no_job_state() -> None:
    message = missions_messages.device_message(STATE)

    assert message == {"deviceId": "dock-1", **VALUES, "timestamp": "2026-01-01T12:00:01.250Z"}


def test_message_omits_unknown_values() -> None:
    silent = DeviceState(device="dock-1")

    assert missions_messages.job_message(JobStatus.PENDING, None, at=NOON) == {
        "jobState": "PENDING",
        "timestamp": "2026-01-01T12:00:00.000Z",
    }
    assert missions_messages.device_message(silent, at=NOON) == {
        "deviceId": "dock-1",
        "timestamp": "2026-01-01T12:00:00.000Z",
    }


def test_message_with_time_overrides_time_of_reading() -> None:
    message = missions_messages.job_message(JobStatus.SUCCEEDED, STATE, at=NOON)

    assert message["timestamp"] == "2026-01-01T12:00:00.000Z"


@pytest.mark.parametrize("status", JobStatus)
def test_job_states_equal_status_names_except_inprogress(status) -> None:
    elsewhere = STATUS_NAMES[status].replace("IN_PROGRESS", "INPROGRESS")

    assert missions_messages.job_message(status, None)["jobState"] == elsewhere


@pytest.mark.parametrize(("share", "hidden"), [
    (ShareType.STREAM, {"deviceId", "sensorPayload"}),
    (ShareType.DEVICE_STATUS, {"deviceId", "sensorPayload", "navigation"}),
])  # fmt: skip
def test_shared_message_hides_device_camera_and_maybe_position(share, hidden) -> None:
    message = missions_messages.job_message(
        JobStatus.RUNNING, STATE
    ) | missions_messages.device_message(STATE)

    assert message.keys() - missions_messages.filter_for_share(message, share).keys() == hidden
