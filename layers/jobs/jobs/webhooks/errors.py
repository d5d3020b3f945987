"""Errors of webhook deliveries."""

from jobs.core.errors import JobError
from jobs.webhooks.webhook import Failure


class NotDeliveredError(JobError):
    """A webhook's receiver sent no response."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure: Failure = failure


class DeliveryNotFoundError(JobError):
    """The tenant has no such delivery, or it has expired."""


class DeliveryExhaustedError(JobError):
    """The delivery has reached its maximum number of attempts."""
