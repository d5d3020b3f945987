"""Errors of webhook deliveries."""

from jobs.core.errors import JobError


class NotDeliveredError(JobError):
    """A webhook's receiver gave no answer; the message is the kind of error that there was."""


class DeliveryNotFoundError(JobError):
    """No such delivery of this tenant, or it was too long ago."""


class DeliveryExhaustedError(JobError):
    """The delivery has been attempted too often to be tried again."""
