"""Errors of workers' requests."""

from jobs.core.errors import JobError
from jobs.core.status import JobStatus


class AgentNotAllowedError(JobError):
    """The worker's key does not open this agent. The caller sees the message."""

    def __init__(self, agent_id: str) -> None:
        super().__init__(f"This key does not open the agent {agent_id}")


class EndedForWorkerError(JobError):
    """The job has ended, so the worker's result is not needed."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(f"ended as {status}")
        self.status = status


class StaleAttemptError(JobError):
    """Another claim of the job has followed this attempt."""


class InvalidOutputError(JobError):
    """A piece of output cannot follow those before. The caller sees the message."""


class InvalidAnswerError(JobError):
    """The worker's answer breaks a rule. The caller sees the message."""
