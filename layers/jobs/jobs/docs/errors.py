"""Errors of docs jobs."""

from jobs.core.errors import JobError
from jobs.kit.errors import FailureClass, UpstreamError


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


class UnfinishedError(UpstreamError):
    """The model stopped before it finished. `jobs.kit.output.events` lists the reasons."""

    def __init__(self, text: str, failure_class: FailureClass, *, reason: str) -> None:
        super().__init__(text, failure_class, detail=f"the model's reason to stop: {reason}")
        self.reason = reason


class CredentialsRefusedError(UpstreamError):
    """The git host rejected the project's credentials, or they are missing."""

    def __init__(self, reason: str, *, detail: str = "") -> None:
        super().__init__(reason, FailureClass.CREDENTIALS, detail=detail)
