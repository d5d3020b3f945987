"""Planned attempts, and those that only an operator shall queue again."""

from collections.abc import Sequence

from jobs.kit.clock import Clock
from jobs.kit.sqlite.queue import Queue
from jobs.webhooks.adapters.queue import to_text
from jobs.webhooks.webhook import PlannedAttempt


class SqliteDeliveryQueue:
    def __init__(self, queue: Queue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock

    def send(self, planned: Sequence[PlannedAttempt]) -> None:
        for each in planned:
            delay = max(each.due - self._clock(), 0)
            self._queue.send(to_text(each), delay=delay, tenant=each.ref.tenant)


class SqliteDeadLetters:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def add(self, planned: PlannedAttempt) -> None:
        self._queue.send(to_text(planned), tenant=planned.ref.tenant)
