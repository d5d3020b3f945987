"""Errors of watching and sharing."""

from jobs.core.errors import JobError


class ResourceNotFoundError(JobError):
    """The organisation has neither a job nor a device group of this id."""


class ShareNotFoundError(JobError):
    """The organisation has no such share, or it has expired."""


class ShareFullError(JobError):
    """As many as may watch by this share at the same time do so already."""
