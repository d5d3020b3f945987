"""Errors of sessions."""

from jobs.core.errors import JobError
from jobs.core.rate_limit import RateLimitedError


class SessionNotFoundError(JobError):
    """The tenant has no session of this id, or its retention has passed."""


class SessionExpiredError(JobError):
    """The session has expired."""


class StaleSessionError(JobError):
    """The session was changed after it was read."""


class TooManyUnansweredError(JobError):
    """The session has its maximum number of unanswered messages."""


class SessionFullError(JobError):
    """The session has its maximum number of messages."""


class TooManySessionsError(RateLimitedError):
    """The tenant has opened its maximum number of sessions in this hour."""
