"""Make one attempt to deliver a webhook, and schedule the retry if it fails."""

import random
from dataclasses import dataclass
from typing import Final

from jobs.kit.clock import Clock
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.ports import DeliveryLog, DeliveryMetrics, Sender, SigningSecrets
from jobs.webhooks.signature import sign
from jobs.webhooks.webhook import Attempt, DeliveryRef, DeliveryState, WebhookDelivery

MAX_ATTEMPTS: Final = 13
"""Per message, over 24 hours or more. Then SQS moves the message to the dead-letter queue."""
_FIRST_RETRY_DELAY_S: Final = 5
_BACKOFF_FACTOR: Final = 3
_MAX_RETRY_DELAY_S: Final = 17_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a call. `attempt` is None if the webhook had already been delivered.

    `retry_in_s` is None unless the message must return to its queue.
    """

    attempt: Attempt | None = None
    retry_in_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverWebhook:
    log: DeliveryLog
    secrets: SigningSecrets
    sender: Sender
    metrics: DeliveryMetrics
    clock: Clock

    def __call__(self, ref: DeliveryRef, *, receive_count: int) -> Outcome:
        """Attempt a delivery. `receive_count` includes the current receive of the message.

        Raises `DeliveryNotFoundError`.
        """
        delivery = self.log.get(ref)
        if delivery.state is DeliveryState.DELIVERED:
            return Outcome()
        attempt = self._attempt(delivery)
        state = _next_state(attempt, last=receive_count >= MAX_ATTEMPTS)
        self.log.add_attempt(delivery, attempt, state)
        self.metrics.count_attempt(state)
        if attempt.succeeded or attempt.gone:
            return Outcome(attempt=attempt)
        exhausted = state is DeliveryState.FAILED
        return Outcome(attempt=attempt, retry_in_s=0 if exhausted else retry_delay_s(receive_count))

    def _attempt(self, delivery: WebhookDelivery) -> Attempt:
        at = self.clock()
        try:
            status = self._send(delivery, at // 1000)
        except NotDeliveredError as error:
            return Attempt(at=at, ms=self.clock() - at, error=error.failure)
        return Attempt(at=at, ms=self.clock() - at, status=status)

    def _send(self, delivery: WebhookDelivery, timestamp_s: int) -> int:
        secrets = self.secrets.live(delivery.ref.tenant)
        if not secrets:
            raise NotDeliveredError("no_secret")
        signature = sign(secrets, id=delivery.id, timestamp_s=timestamp_s, body=delivery.body)
        headers = {"Content-Type": "application/json", **signature}
        return self.sender.send(delivery.url, headers, delivery.body.encode())


def _next_state(attempt: Attempt, *, last: bool) -> DeliveryState:
    if attempt.succeeded:
        return DeliveryState.DELIVERED
    return DeliveryState.FAILED if attempt.gone or last else DeliveryState.PENDING


def retry_delay_s(receive_count: int) -> int:
    """Return the delay until the next attempt: exponential backoff with jitter."""
    backoff: int = _FIRST_RETRY_DELAY_S * _BACKOFF_FACTOR ** (receive_count - 1)
    return round(min(backoff, _MAX_RETRY_DELAY_S) * random.uniform(1, 1.1))  # noqa: S311 - jitter
