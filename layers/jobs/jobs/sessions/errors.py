"""Errors of sessions."""

from jobs.core.errors import JobError


class SessionNotFoundError(JobError):
    """The tenant has no session of this id, or its retention has passed."""


class SessionExpiredError(JobError):
    """The session has expired."""


class StaleSessionError(JobError):
    """The session was changed after it was read."""


class TooManyUnansweredError(JobError):
    """The session has its maximum number of unanswered messages."""


class PaymentNotSupportedError(JobError):
    """Jobs require a payment, and messages of sessions cannot be paid for."""
