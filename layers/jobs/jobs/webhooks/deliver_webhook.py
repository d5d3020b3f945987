"""Send one webhook, and say when to try again if that came to nothing."""

import random
from dataclasses import dataclass
from typing import Final

from jobs.kit.clock import Clock
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.ports import DeliveryLog, DeliveryMetrics, Sender, SigningSecrets
from jobs.webhooks.signature import signed
from jobs.webhooks.webhook import Attempt, DeliveryRef, DeliveryState, WebhookDelivery

ATTEMPTS: Final = 13
"""Of one message, the last of them a day or more after the first; then its queue gives it up."""
_FIRST_PAUSE: Final = 5
_FACTOR: Final = 3
_LONGEST_PAUSE: Final = 17_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it; `again_in` (s): the message is to come back after so long."""

    attempt: Attempt | None = None
    again_in: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverWebhook:
    log: DeliveryLog
    secrets: SigningSecrets
    sender: Sender
    metrics: DeliveryMetrics
    clock: Clock

    def __call__(self, ref: DeliveryRef, *, received: int) -> Outcome:
        """`received`: how often the message has come by now.

        Raises `DeliveryNotFoundError`.
        """
        delivery = self.log.get(ref)
        if delivery.state is DeliveryState.DELIVERED:
            return Outcome()
        attempt = self._attempt(delivery)
        state = _state_after(attempt, last=received >= ATTEMPTS)
        self.log.note(delivery, attempt, state)
        self.metrics.attempted(state)
        if attempt.succeeded or attempt.unwanted:
            return Outcome(attempt=attempt)
        over = state is DeliveryState.FAILED
        return Outcome(attempt=attempt, again_in=0 if over else pause(received))

    def _attempt(self, delivery: WebhookDelivery) -> Attempt:
        at = self.clock()
        try:
            status = self._send(delivery, at // 1000)
        except NotDeliveredError as error:
            return Attempt(at=at, ms=self.clock() - at, error=error.failure)
        return Attempt(at=at, ms=self.clock() - at, status=status)

    def _send(self, delivery: WebhookDelivery, seconds: int) -> int:
        live = self.secrets.live(delivery.ref.tenant)
        if not live:
            raise NotDeliveredError("no_secret")
        proof = signed(live, id=delivery.id, seconds=seconds, body=delivery.body)
        headers = {"Content-Type": "application/json", **proof}
        return self.sender.send(delivery.url, headers, delivery.body.encode())


def _state_after(attempt: Attempt, *, last: bool) -> DeliveryState:
    if attempt.succeeded:
        return DeliveryState.DELIVERED
    return DeliveryState.FAILED if attempt.unwanted or last else DeliveryState.PENDING


def pause(received: int) -> int:
    """Return the seconds until the next attempt: ever longer, and not the same for all."""
    shortest: float = min(_FIRST_PAUSE * _FACTOR ** (received - 1), _LONGEST_PAUSE)
    return round(shortest * random.uniform(1, 1.1))  # noqa: S311 - jitter
