"""Errors of missions, devices and partners."""

from jobs.core.errors import JobError


class DeviceGroupNotFoundError(JobError):
    """The organisation has no such device group."""


class DeviceNotFoundError(JobError):
    """The device group has no such device."""


class PlanNotFoundError(JobError):
    """The organisation has no such mission to fly."""


class DeviceOfflineError(JobError):
    """The one device that may do the job is out of reach, and the caller will not wait for it."""


class IdTakenError(JobError):
    """Another organisation has registered a device or device group of this id."""

    def __init__(self, taken: str) -> None:
        super().__init__(f"{taken!r} is another organisation's; choose another id")


class InvalidClientError(JobError):
    """No program of this organisation's has this id and secret."""
