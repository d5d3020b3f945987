"""Errors of docs jobs."""

from jobs.core.errors import JobError
from jobs.kit.errors import UpstreamError


class ProjectNotFoundError(JobError):
    """The tenant has no such documentation project."""


class PathRefusedError(JobError):
    """An agent may not access this path. The message gives the reason."""


class CredentialsRefusedError(UpstreamError):
    """The git host rejected the project's credentials."""
