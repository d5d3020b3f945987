"""Dead letters, and their return to where they came from.

The commands run beside the server, in a process of their own: SQLite lets both write.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sortie_server.template import Template

CHANGES: Final = "StreamDeadLetterQueue"
"""Has changes of jobs that could not be followed; their source is the outbox."""
_WEBHOOKS: Final = {"WebhookDeadLetterQueue": "WebhookQueue"}
"""Its letters come from the function, which makes several attempts of one message."""
_BUSY_TIMEOUT_S: Final = 10


def find_sources(template: Template) -> Mapping[str, str]:
    """Return the queue of each dead letter queue."""
    policies = {
        rule.dead_letters: name for name, rule in template.queues.items() if rule.dead_letters
    }
    return {**policies, **_WEBHOOKS}


def count_dead_letters(file: Path, template: Template) -> Mapping[str, int]:
    """Return the number of each queue's dead letters, of those with any."""
    names = {*find_sources(template), CHANGES}
    with _connect(file) as database:
        rows = database.execute("SELECT queue, count(*) FROM messages GROUP BY queue").fetchall()
    return {name: count for name, count in rows if name in names}


def redrive(file: Path, template: Template, queue: str) -> int:
    """Return a queue's dead letters to their source, and their number.

    Raises `KeyError` for an unknown queue.
    """
    if queue == CHANGES:
        return _redrive_changes(file)
    source, now = find_sources(template)[queue], time.time_ns() // 1_000_000
    with _connect(file) as database:
        return database.execute(
            "UPDATE messages SET queue = ?, visible_at = ?, received = 0 WHERE queue = ?",
            (source, now, queue),
        ).rowcount


def _redrive_changes(file: Path) -> int:
    with _connect(file) as database:
        rows = database.execute(
            "DELETE FROM messages WHERE queue = ? RETURNING body", (CHANGES,)
        ).fetchall()
        for (body,) in rows:
            json.loads(body)
            database.execute("INSERT INTO outbox (topic, body) VALUES ('jobs', ?)", (body,))
    return len(rows)


@contextmanager
def _connect(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that exists, for one transaction."""
    uri = f"{file.resolve().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT_S)) as database,
        database,
    ):
        for name in ("wake", "wake_one"):  # triggers call them; the server looks by itself
            database.create_function(name, 1, lambda _: None)
        yield database
