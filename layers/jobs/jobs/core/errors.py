"""Errors of jobs."""


class JobError(Exception):
    """Base class of the errors that an API may return to its caller."""


class JobNotFoundError(JobError):
    """The tenant has no such job, or the job's retention has passed."""


class JobEndedError(JobError):
    """The job has ended and can no longer change."""


class JobStartedError(JobError):
    """The job has started or ended."""


class JobLeasedError(JobError):
    """Another worker holds the job until `until` (epoch ms)."""

    def __init__(self, until: int) -> None:
        super().__init__(f"leased until {until}")
        self.until = until


class DuplicateMessageError(JobError):
    """Another message of the job has been received, so this one is not needed."""


class StaleJobError(JobError):
    """Another writer changed the job after it was read."""


class IdempotencyConflictError(JobError):
    """The same idempotency key came with a different request."""


class BadCursorError(JobError):
    """The cursor belongs to another caller or listing, or has been altered."""
