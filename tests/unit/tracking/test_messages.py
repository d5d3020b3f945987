"""The fields of messages to watchers."""

import pytest

from jobs.core.status import JobStatus
from jobs.missions.api.responses import STATUS_NAMES
from jobs.missions.device import DeviceState, Reading
from jobs.tracking.api import messages as missions_messages
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareType
from tests.support import HOUR, NOON

VALUES = {
    "droneState": "WAYPOINT", "dockState": "TASK_INPROGRESS", "navigation": {"position": {}},
    "sensorPayload": {"camera": {}}, "weather": {"rain": False}, "battery": 81.0,
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
        "battery": 81.0,
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


def a_share(**about) -> Share:
    sane = {
        "code": "code", "resource": Resource(tenant="acme", kind=ResourceKind.GROUP, id="harbour"),
        "type": ShareType.STREAM, "created_at": NOON, "expires_at": NOON + HOUR,
        "max_viewers": None, "metadata": {},
    }  # fmt: skip
    return Share(**sane | about)


@pytest.mark.parametrize(("shown", "hidden"), [
    (ShareType.STREAM, {"deviceId", "sensorPayload"}),
    (ShareType.DEVICE_STATUS, {"deviceId", "sensorPayload", "navigation"}),
])  # fmt: skip
def test_shared_message_hides_device_camera_and_maybe_position(shown, hidden) -> None:
    message = missions_messages.job_message(
        JobStatus.RUNNING, STATE
    ) | missions_messages.device_message(STATE)

    seen = missions_messages.filter_for_share(message, a_share(type=shown))

    assert message.keys() - seen.keys() == hidden


def test_shared_group_numbers_its_devices_for_the_share_s_life() -> None:
    share = a_share(devices=("dock-1", "dock-3"))

    def number(device: str) -> int:
        message = missions_messages.device_message(DeviceState(device=device))
        shown = missions_messages.filter_for_share(message, share)
        assert "deviceId" not in shown
        return shown["deviceNumber"]

    later = number("dock-2")  # registered after the group was shared
    assert [number(each) for each in ("dock-1", "dock-3", "dock-2")] == [1, 2, later]
    assert later not in {1, 2, number("dock-4")}


def test_shared_job_has_no_device_number() -> None:
    message = missions_messages.job_message(JobStatus.RUNNING, STATE)

    assert "deviceNumber" not in missions_messages.filter_for_share(message, a_share())
