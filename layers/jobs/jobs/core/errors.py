"""Everything that can go wrong with a job, in the domain's own words."""


class JobError(Exception):
    """Base of every error a caller may be told about."""


class JobNotFoundError(JobError):
    """No such job of this tenant, or its retention has passed."""


class JobEndedError(JobError):
    """The job is over; nothing about it changes any more."""


class JobStartedError(JobError):
    """The job no longer waits: it is being done, or over."""


class JobLeasedError(JobError):
    """Another worker holds the job until `until` (epoch ms)."""

    def __init__(self, until: int) -> None:
        super().__init__(f"leased until {until}")
        self.until = until


class StaleJobError(JobError):
    """Someone else changed the job since it was read."""


class IdempotencyConflictError(JobError):
    """The same idempotency key came with a different request."""


class BadCursorError(JobError):
    """A page cursor that this caller was not given for this listing."""
