"""Errors of watching and sharing."""

from jobs.core.errors import JobError


class ResourceNotFoundError(JobError):
    """The organisation has neither a job nor a device group of this id."""


class ShareNotFoundError(JobError):
    """The organisation has no such share, or it has expired."""


class ShareFullError(JobError):
    """The share has its maximum number of viewers."""
