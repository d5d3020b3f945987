"""Changes for the program's own consumers, in the transaction that makes them.

In place of the streams of DynamoDB tables. A consumer reads a topic in order, from its position.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any, Final

from jobs.kit.sqlite.database import Database, Schema

SCHEMA: Final = Schema(
    "outbox",
    (
        """
        CREATE TABLE outbox (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            topic TEXT NOT NULL,
            body TEXT NOT NULL
        );
        CREATE INDEX outbox_by_topic ON outbox (topic, seq);
        CREATE TRIGGER outbox_wake AFTER INSERT ON outbox BEGIN
            SELECT wake('outbox:' || NEW.topic);
        END;
        CREATE TABLE consumers (
            name TEXT PRIMARY KEY,
            topic TEXT NOT NULL,
            position INTEGER NOT NULL
        );
        """,
    ),
)


@dataclass(frozen=True, slots=True)
class Record:
    """A change. `body` is what the writer of the topic has put there."""

    seq: int
    body: Mapping[str, Any]


def add_record(db: Connection, topic: str, body: Mapping[str, Any]) -> None:
    """Report a change, within the transaction that makes it."""
    db.execute("INSERT INTO outbox (topic, body) VALUES (?, ?)", (topic, json.dumps(body)))


class Outbox:
    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(SCHEMA)

    def subscribe(self, consumers: Mapping[str, str]) -> None:
        """Set the consumers, each with its topic. A record goes when all of these have passed it.

        A new consumer begins with the oldest record that is still there.
        """

        def subscribe(db: Connection) -> None:
            known = db.execute("SELECT name, topic FROM consumers").fetchall()
            gone = [row["name"] for row in known if consumers.get(row["name"]) != row["topic"]]
            db.executemany("DELETE FROM consumers WHERE name = ?", [(name,) for name in gone])
            db.executemany(
                "INSERT OR IGNORE INTO consumers (name, topic, position) VALUES (?, ?, 0)",
                consumers.items(),
            )

        self._database.write(subscribe)

    def read(self, consumer: str, *, limit: int) -> Sequence[Record]:
        """Return the next records, oldest first. They come again until `advance`."""
        rows = self._database.read(
            lambda db: db.execute(
                "SELECT outbox.seq, outbox.body FROM consumers"
                " JOIN outbox ON outbox.topic = consumers.topic AND outbox.seq > consumers.position"
                " WHERE consumers.name = ? ORDER BY outbox.seq LIMIT ?",
                (consumer, limit),
            ).fetchall()
        )
        return [Record(row["seq"], json.loads(row["body"])) for row in rows]

    def advance(self, consumer: str, record: Record) -> None:
        """Move the consumer past a record; delete what all consumers have passed."""

        def advance(db: Connection) -> None:
            row = db.execute(
                "UPDATE consumers SET position = ? WHERE name = ? RETURNING topic",
                (record.seq, consumer),
            ).fetchone()
            db.execute(
                "DELETE FROM outbox WHERE topic = :topic AND seq <="
                " (SELECT min(position) FROM consumers WHERE topic = :topic)",
                {"topic": row["topic"]},
            )

        self._database.write(advance, durable=False)
