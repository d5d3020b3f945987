"""Errors of sessions."""

from jobs.core.errors import JobError


class SessionNotFoundError(JobError):
    """No such session of this tenant's, or nothing is left of it."""


class SessionExpiredError(JobError):
    """The session has come to its end."""


class StaleSessionError(JobError):
    """Someone else changed the session since it was read."""


class NotForSaleError(JobError):
    """What is asked for would cost something elsewhere, and cannot be paid for here."""
