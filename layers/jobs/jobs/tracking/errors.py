"""Errors of watching and sharing."""

from jobs.core.errors import JobError


class ResourceNotFoundError(JobError):
    """The organisation has neither a job nor a device group of this id."""


class ShareNotFoundError(JobError):
    """The organisation has no such share, or it has expired."""


class TooManySharesError(JobError):
    """The job, the device group or the organisation has its maximum number of live shares."""


class TooManyWatchersError(JobError):
    """The share, its resource or the organisation has its maximum number of watchers."""
