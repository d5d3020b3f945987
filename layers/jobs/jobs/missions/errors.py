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


class MissionDueError(JobError):
    """The mission is due: it is too late to move it."""


class DeviceOfflineError(JobError):
    """The requested device is offline, and the request does not allow waiting."""


class IdTakenError(JobError):
    """Another organisation has registered a device or device group of this id."""

    def __init__(self, taken: str) -> None:
        super().__init__(f"the id {taken!r} belongs to another organisation; choose another id")


class TopicsTakenError(JobError):
    """Another organisation has the MQTT topics that this one would have."""

    def __init__(self, tenant: str) -> None:
        super().__init__(
            f"Another tenant has the MQTT topics of {tenant}: create a tenant with another id"
        )


class TooManyPartnersError(JobError):
    """The stack has as many partners as the quota of its identity provider allows."""

    def __init__(self) -> None:
        super().__init__(
            "The stack has no room for another partner: revoke expired ones, or raise the quota of"
            " app clients in Amazon Cognito"
        )


class InvalidClientError(JobError):
    """The organisation has no client with this id and secret."""


class GroupTakenError(JobError):
    """Another stack of the account has a device group of this id."""

    def __init__(self, group: str, stack: str, thing_group: str) -> None:
        super().__init__(
            f"device group {group!r} belongs to the stack {stack!r} of this account and region; "
            f"choose another id. If that stack is gone, delete the thing group {thing_group}"
        )
