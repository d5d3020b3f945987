"""Errors of documentation agents."""

from jobs.core.errors import JobError
from jobs.kit.errors import UpstreamError


class ProjectNotFoundError(JobError):
    """The organisation has no such documentation project."""


class PathRefusedError(JobError):
    """A path that an agent has no business with; the message says why."""


class CredentialsRefusedError(UpstreamError):
    """The repository's host will not let us in."""
