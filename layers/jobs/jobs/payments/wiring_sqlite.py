"""Composes payments over one SQLite file: `jobs.core.wiring_sqlite`.

Messaging, which payments extend, has its own.
"""

import os

from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.kit.clock import Clock
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.queue import Queue
from jobs.kit.sqlite.timers import TimerTable
from jobs.payments.adapters.sqlite import SqlitePayments
from jobs.payments.adapters.sqlite_timers import SqlitePaymentChecks, SqlitePaymentTimers
from jobs.payments.payment import Payment
from jobs.payments.usage import usage_of_payment
from jobs.payments.wiring import PaymentsWiring


def use_sqlite(wiring: PaymentsWiring, database: Database, *, clock: Clock) -> None:
    usage = SqliteUsage(database, clock)
    timers = SqlitePaymentTimers(TimerTable(database))

    def follow(payment: Payment) -> None:
        usage.count([usage_of_payment(payment)])
        wiring.follow_payments([payment])

    checks = Queue(database, os.environ["PAYMENT_CHECK_QUEUE_URL"], clock)
    vars(wiring).update(
        payments=SqlitePayments(database, clock, follow),
        timers=timers,
        checks=SqlitePaymentChecks(checks, clock),
    )
