"""Errors of missions, devices and partners."""

from jobs.core.errors import JobError


class DeviceGroupNotFoundError(JobError):
    """The organisation has no such device group."""


class DeviceNotFoundError(JobError):
    """The device group has no such device."""


class PlanNotFoundError(JobError):
    """The organisation has no such registered mission."""


class PlanTooLargeError(JobError):
    """The registered mission has more waypoints than an order to a device can carry."""


class DeviceOfflineError(JobError):
    """The requested device is offline, and the request does not allow waiting."""


class IdTakenError(JobError):
    """Another organisation has registered a device or device group of this id."""

    def __init__(self, taken: str) -> None:
        super().__init__(f"the id {taken!r} belongs to another organisation; choose another id")


class InvalidClientError(JobError):
    """The organisation has no client with this id and secret."""
