"""Errors of webhook deliveries."""

from jobs.core.errors import JobError
from jobs.webhooks.webhook import Failure


class NotDeliveredError(JobError):
    """A webhook's receiver sent no response."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure: Failure = failure


class DeliveryNotFoundError(JobError):
    """No such delivery of this tenant, or it was too long ago."""


class DeliveryExhaustedError(JobError):
    """The delivery has been attempted too often to be tried again."""
