"""Make one attempt to deliver a webhook, and queue the next one if it fails."""

import random
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.flow import LEASE_MS, Health
from jobs.webhooks.ports import (
    DeadLetters,
    DeliveryLog,
    DeliveryMetrics,
    DeliveryQueue,
    Places,
    Receivers,
    Sender,
    SigningSecrets,
)
from jobs.webhooks.signature import sign
from jobs.webhooks.webhook import (
    Attempt,
    DeliveryState,
    PlannedAttempt,
    Receiver,
    WebhookDelivery,
)

MAX_ATTEMPTS: Final = 13
"""Over 24 hours or more. Then the delivery becomes a dead letter."""
_FIRST_RETRY_DELAY_S: Final = 5
_BACKOFF_FACTOR: Final = 3
_MAX_RETRY_DELAY_S: Final = 17_500
_FIRST_DEFERRAL_S: Final = 2
_MAX_DEFERRAL_S: Final = 900
_EARLY_MS: Final[Millis] = 1000
"""An attempt this much too early is made: the queue delays by whole seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a call: the `attempt` made, and the `next` one that has been queued.

    Without an attempt, the next one is the same, put off. Both are None for a duplicate.
    """

    attempt: Attempt | None = None
    next: PlannedAttempt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverWebhook:
    """Stores each step before the next one, so that a call that dies can be repeated.

    If the call had stored its attempt, the repetition makes none. After a call, the worker deletes
    the message.
    """

    log: DeliveryLog
    queue: DeliveryQueue
    dead_letters: DeadLetters
    receivers: Receivers
    places: Places
    secrets: SigningSecrets
    sender: Sender
    metrics: DeliveryMetrics
    clock: Clock

    def __call__(self, planned: PlannedAttempt) -> Outcome:
        """Make an attempt if it is due. Raises `DeliveryNotFoundError`."""
        if planned.due - self.clock() >= _EARLY_MS:
            return self._queue(planned)
        delivery = self.log.get(planned.ref)
        if planned.index is None and delivery.state is DeliveryState.DELIVERED:
            return Outcome()
        attempts = len(delivery.attempts)
        index = attempts if planned.index is None else planned.index
        if index < attempts:
            return self._repeat(planned, delivery, index)
        attempt = self._attempt_if_allowed(delivery)
        if attempt is None:
            return self.defer(planned)
        attempt = replace(attempt, message=planned.id)
        state = _state_after(attempt, last=planned.number >= MAX_ATTEMPTS)
        if not self.log.add_attempt(delivery, attempt, state):
            return Outcome()  # the message that made the other attempt queues the next one
        self.metrics.count_attempt(attempt, state)
        return self._continue(planned, attempt, state, after=index)

    def defer(self, planned: PlannedAttempt) -> Outcome:
        """Put an attempt off that cannot be made now."""
        delay_s = min(_FIRST_DEFERRAL_S * 2**planned.deferrals, _MAX_DEFERRAL_S)
        due = self.clock() + round(delay_s * 1000 * random.uniform(1, 1.5))  # noqa: S311 - jitter
        return self._queue(replace(planned, due=due, deferrals=planned.deferrals + 1))

    def _repeat(self, planned: PlannedAttempt, delivery: WebhookDelivery, index: int) -> Outcome:
        """Queue the next attempt if a call for this message died after it had stored its own."""
        attempt = delivery.attempts[index]
        if attempt.message not in {"", planned.id}:
            return Outcome()  # a duplicate: the other message queues the next attempt
        last = planned.number >= MAX_ATTEMPTS
        return self._continue(planned, attempt, _state_after(attempt, last=last), after=index)

    def _continue(
        self, planned: PlannedAttempt, attempt: Attempt, state: DeliveryState, *, after: int
    ) -> Outcome:
        if attempt.succeeded or attempt.gone:
            return Outcome(attempt=attempt)
        following = PlannedAttempt(ref=planned.ref, index=after + 1)
        if state is DeliveryState.FAILED:
            self.dead_letters.add(following)
            return Outcome(attempt=attempt)
        due = attempt.at + 1000 * retry_delay_s(planned.number)
        queued = self._queue(replace(following, number=planned.number + 1, due=due))
        return replace(queued, attempt=attempt)

    def _queue(self, planned: PlannedAttempt) -> Outcome:
        self.queue.send([planned])
        return Outcome(next=planned)

    def _attempt_if_allowed(self, delivery: WebhookDelivery) -> Attempt | None:
        """Return an attempt: none is made if the receiver is paused. None: no place is free."""
        now = self.clock()
        paused = Attempt(at=now, ms=0, error="paused")
        health = self.receivers.health(delivery.receiver)
        if now < health.paused_until:
            return paused
        place = self.places.take(delivery.ref.tenant)
        if place is None:
            return None
        try:
            if health.broken and not self.receivers.claim_probe(
                delivery.receiver, health, until=now + LEASE_MS
            ):
                return paused
            attempt = self._attempt(delivery)
        finally:
            with suppress(UnavailableError):  # it expires by itself
                self.places.release(place)
        with suppress(UnavailableError):  # the attempt counts all the same
            self._note(delivery.receiver, attempt, health)
        return attempt

    def _note(self, receiver: Receiver, attempt: Attempt, before: Health) -> None:
        """Pause a receiver after too many failures in a row."""
        if attempt.succeeded or attempt.gone:
            if before.failures:
                self.receivers.reset(receiver)
        elif attempt.error != "no_secret":  # not the receiver's failure
            health = self.receivers.add_failure(receiver)
            if health.broken:
                self.receivers.pause(receiver, until=health.pause_from(self.clock()))

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


def _state_after(attempt: Attempt, *, last: bool) -> DeliveryState:
    if attempt.succeeded:
        return DeliveryState.DELIVERED
    return DeliveryState.FAILED if attempt.gone or last else DeliveryState.PENDING


def retry_delay_s(number: int) -> int:
    """Return the delay after an attempt until the next one: exponential backoff with jitter."""
    backoff: int = _FIRST_RETRY_DELAY_S * _BACKOFF_FACTOR ** (number - 1)
    return round(min(backoff, _MAX_RETRY_DELAY_S) * random.uniform(1, 1.1))  # noqa: S311 - jitter
