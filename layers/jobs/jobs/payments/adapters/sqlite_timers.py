"""Timers of open payments, in case their requests die."""

from typing import Final

from jobs.kit.clock import Millis
from jobs.kit.sqlite.timers import Timer, TimerTable
from jobs.payments.payment import Payment

WATCH: Final = "payment"


class SqlitePaymentTimers:
    def __init__(self, timers: TimerTable) -> None:
        self._timers = timers

    def follow(self, payment: Payment, *, at: Millis) -> None:
        self._timers.start(Timer(name=WATCH, key=payment.id, at=at, body=""))
