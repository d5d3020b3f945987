"""Composes messaging over one SQLite file: `jobs.core.wiring_sqlite`."""

import os
from dataclasses import replace

from jobs.core.pace import Pace
from jobs.core.wiring_sqlite import use_sqlite as use_core
from jobs.kit.clock import Clock
from jobs.kit.secrets import SecretReader
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.queue import Queue
from jobs.messaging.adapters.sqlite import SqliteAgents, SqliteChats
from jobs.messaging.adapters.sqlite_polls import SqlitePolls
from jobs.messaging.wiring import MessagingWiring


def use_sqlite(
    wiring: MessagingWiring, database: Database, *, clock: Clock, secrets: SecretReader
) -> None:
    use_core(wiring.core, database, clock=clock, secrets=secrets)
    # Appends and ends wake readers, so that they need not look often.
    pace = Pace(poll=0.5, idle_poll=0.5, check=0.1)
    vars(wiring).update(
        stack=None,
        agents=SqliteAgents(database),
        chats=SqliteChats(database),
        follow_answer=replace(wiring.follow_answer, pace=pace),
        polls=SqlitePolls(Queue(database, os.environ["POLL_QUEUE_URL"], clock)),
    )
