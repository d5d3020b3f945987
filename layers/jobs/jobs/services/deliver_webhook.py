"""Send one webhook, and say when to try again if that came to nothing."""

import random
from dataclasses import dataclass
from typing import Final

from jobs.domain.errors import NotDeliveredError
from jobs.domain.webhook import (
    Attempt,
    DeliveryRef,
    DeliveryState,
    WebhookDelivery,
)
from jobs.domain.webhook_signature import signed
from jobs.ports import Clock
from jobs.webhook_ports import DeliveryLog, Sender, SigningSecrets

ATTEMPTS: Final = 13
"""Of one message, the last of them a day after the first; then its queue gives it up."""
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
    clock: Clock

    def __call__(self, ref: DeliveryRef, *, received: int) -> Outcome:
        """`received`: how often the message has come by now.

        Raises `DeliveryNotFoundError`.
        """
        delivery = self.log.get(ref)
        if delivery.state is DeliveryState.DELIVERED:
            return Outcome()
        attempt = self._attempt(delivery)
        if attempt.succeeded:
            self.log.note(delivery, attempt, DeliveryState.DELIVERED)
            return Outcome(attempt=attempt)
        over = attempt.unwanted or received >= ATTEMPTS
        self.log.note(delivery, attempt, DeliveryState.FAILED if over else DeliveryState.PENDING)
        if attempt.unwanted:
            return Outcome(attempt=attempt)
        return Outcome(attempt=attempt, again_in=0 if over else pause(received))

    def _attempt(self, delivery: WebhookDelivery) -> Attempt:
        at = self.clock()
        try:
            status = self._send(delivery, at // 1000)
        except NotDeliveredError as error:
            return Attempt(at=at, ms=self.clock() - at, error=str(error))
        return Attempt(at=at, ms=self.clock() - at, status=status)

    def _send(self, delivery: WebhookDelivery, seconds: int) -> int:
        live = self.secrets.live(delivery.ref.tenant)
        if not live:
            raise NotDeliveredError("no_secret")
        proof = signed(live, id=delivery.id, seconds=seconds, body=delivery.body)
        headers = {"Content-Type": "application/json", **proof}
        return self.sender.send(delivery.url, headers, delivery.body.encode())


def pause(received: int) -> int:
    """Return the seconds until the next attempt: ever longer, and not the same for all."""
    longest: float = min(_FIRST_PAUSE * _FACTOR ** (received - 1), _LONGEST_PAUSE)
    return round(longest * random.uniform(0.9, 1))  # noqa: S311 - jitter
