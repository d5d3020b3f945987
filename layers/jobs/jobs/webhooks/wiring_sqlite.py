"""Composes webhooks over one SQLite file: `jobs.core.wiring_sqlite`."""

import os

from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.core.wiring_sqlite import use_sqlite as use_core
from jobs.kit.clock import Clock
from jobs.kit.secrets import SecretReader
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.queue import Queue
from jobs.webhooks.adapters.sqlite import (
    SqliteDeliveryLog,
    SqlitePlaces,
    SqliteReceivers,
    SqliteSubscriptions,
)
from jobs.webhooks.adapters.sqlite_queue import SqliteDeadLetters, SqliteDeliveryQueue
from jobs.webhooks.usage import usage_of_delivery
from jobs.webhooks.webhook import WebhookDelivery
from jobs.webhooks.wiring import WebhooksWiring


def use_sqlite(
    wiring: WebhooksWiring, database: Database, *, clock: Clock, secrets: SecretReader
) -> None:
    use_core(wiring.core, database, clock=clock, secrets=secrets)
    usage = SqliteUsage(database, clock)

    def count(delivery: WebhookDelivery) -> None:
        usage.count([usage_of_delivery(delivery)])

    planned = Queue(database, os.environ["WEBHOOK_QUEUE_URL"], clock)
    dead = Queue(database, os.environ["WEBHOOK_DEAD_LETTER_QUEUE_URL"], clock)
    vars(wiring).update(
        subscriptions=SqliteSubscriptions(database),
        delivery_log=SqliteDeliveryLog(database, clock, count),
        delivery_queue=SqliteDeliveryQueue(planned, clock),
        dead_letters=SqliteDeadLetters(dead),
        receivers=SqliteReceivers(database, clock),
        places=SqlitePlaces(database, clock, limit=int(os.environ["WEBHOOK_TENANT_CONCURRENCY"])),
    )
