"""Errors of docs jobs."""

from jobs.core.errors import JobError
from jobs.kit.errors import UpstreamError


class ProjectNotFoundError(JobError):
    """The tenant has no such documentation project."""


class BranchRefusedError(JobError):
    """The project does not allow pushes to its default branch. The caller sees the message."""

    def __init__(self, branch: str) -> None:
        super().__init__(
            f"This project does not allow changes of its default branch, {branch}."
            " Choose another branch"
        )


class PathRefusedError(JobError):
    """An agent may not access this path. The message gives the reason."""


class CredentialsRefusedError(UpstreamError):
    """The git host rejected the project's credentials."""
