"""Timers of open payments, in case their requests die, and the checks that follow."""

from typing import Final

from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite.queue import Queue
from jobs.kit.sqlite.timers import Timer, TimerTable
from jobs.payments.adapters.timers import PaymentCheck, to_text
from jobs.payments.payment import Payment

WATCH: Final = "payment"


class SqlitePaymentTimers:
    def __init__(self, timers: TimerTable) -> None:
        self._timers = timers

    def follow(self, payment: Payment, *, at: Millis) -> None:
        self._timers.start(Timer(name=WATCH, key=payment.id, at=at, body=payment.tenant))


def to_check(timer: Timer) -> PaymentCheck:
    return PaymentCheck(payment_id=timer.key, tenant=timer.body)


class SqlitePaymentChecks:
    def __init__(self, queue: Queue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock

    def schedule(self, check: PaymentCheck, *, at: Millis) -> None:
        delay = max(at - self._clock(), 0)
        self._queue.send(to_text(check), delay=delay, tenant=check.tenant)
