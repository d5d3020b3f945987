"""Queues of messages, as SQS has them: visibility timeouts, delays, receive counts, dead letters.

They are fair, as those of SQS with message groups: when more messages are visible than workers are
free, the next one is of the tenant with the fewest under way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from sqlite3 import Connection, Row
from typing import Any, Final

from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import RefusedError
from jobs.kit.sqlite.database import Database, Schema

_RETENTION_MS: Final[Millis] = 14 * 24 * 3600 * 1000
"""The longest that SQS keeps a message.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""

_COLUMNS: Final = "id, tenant, body, sent_at, received, visible_at"
_OLDEST: Final = (
    f"SELECT {_COLUMNS} FROM messages"
    " WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, id LIMIT ?"
)
_OLDEST_OF_TENANT: Final = (
    f"SELECT {_COLUMNS} FROM messages"
    " WHERE queue = ? AND tenant = ? AND visible_at <= ? ORDER BY visible_at, id LIMIT ?"
)
_TENANTS: Final = """
    WITH RECURSIVE tenants (name) AS (
        SELECT min(tenant) FROM messages WHERE queue = :queue
        UNION ALL
        SELECT (SELECT min(tenant) FROM messages WHERE queue = :queue AND tenant > name)
            FROM tenants WHERE name IS NOT NULL
    )
    SELECT name,
        (SELECT min(visible_at) FROM messages WHERE queue = :queue AND tenant = name) AS at
        FROM tenants WHERE name IS NOT NULL
"""
"""Looks each tenant up in the index, and passes over its messages."""

SCHEMA: Final = Schema(
    "messages",
    (
        """
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            queue TEXT NOT NULL,
            body TEXT NOT NULL,
            sent_at INTEGER NOT NULL,
            visible_at INTEGER NOT NULL,
            received INTEGER NOT NULL DEFAULT 0, -- number of deliveries
            expires_at INTEGER NOT NULL
        );
        CREATE INDEX messages_by_queue ON messages (queue, visible_at);
        CREATE INDEX messages_by_expiry ON messages (expires_at);
        CREATE TRIGGER messages_sent AFTER INSERT ON messages BEGIN
            SELECT wake_one('queue:' || NEW.queue);
        END;
        CREATE TRIGGER messages_returned AFTER UPDATE OF queue, visible_at ON messages
            WHEN NEW.queue <> OLD.queue OR NEW.visible_at < OLD.visible_at BEGIN
            SELECT wake_one('queue:' || NEW.queue);
        END;
        """,
        """
        ALTER TABLE messages ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
        CREATE INDEX messages_by_tenant ON messages (queue, tenant, visible_at);
        """,
    ),
    expiring=("messages",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`max_receives`: after as many deliveries, a message goes to the queue `dead_letters`."""

    visibility: Millis = 30_000
    max_receives: int | None = None
    dead_letters: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One delivery of a message, which `receipt` names."""

    id: int
    tenant: str
    body: str
    sent_at: Millis
    receive_count: int

    @property
    def receipt(self) -> str:
        return f"{self.id}-{self.receive_count}"


class Queue:
    """The commits of deliveries need not survive a power failure: a message then comes again."""

    def __init__(
        self, database: Database, name: str, clock: Clock, policy: Policy = Policy()
    ) -> None:
        self.name = name
        self.signal = f"queue:{name}"
        self._database = database
        self._clock = clock
        self._policy = policy
        database.create(SCHEMA)

    def send(self, body: str, *, delay: Millis = 0, tenant: str = "") -> None:
        """Send a message. Those of a tenant delay no other tenant's."""
        now = self._clock()
        self._database.write(
            lambda db: db.execute(
                "INSERT INTO messages (queue, tenant, body, sent_at, visible_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (self.name, tenant, body, now, now + delay, now + _RETENTION_MS),
            )
        )

    def receive(
        self, limit: int = 1, *, busy: Mapping[str, int] | None = None
    ) -> Sequence[Message]:
        """Hide the next visible messages for the visibility timeout, and return them.

        `busy`: how many messages of each tenant are under way.
        """
        now = self._clock()
        next_at = self.next_at()
        if next_at is None or next_at > now:
            return []  # without a write
        return self._database.write(
            lambda db: self._receive(db, now, limit, Counter(busy)), durable=False
        )

    def next_at(self) -> Millis | None:
        """Return when the next message is, or was, visible; None without messages."""
        row = self._database.read(
            lambda db: db.execute(
                "SELECT min(visible_at) AS at FROM messages WHERE queue = ?", (self.name,)
            ).fetchone()
        )
        at: Millis | None = row["at"]
        return at

    def delete(self, receipt: str) -> None:
        """Delete a message that has been processed, unless it has been delivered again since."""
        self._database.write(
            lambda db: db.execute(
                "DELETE FROM messages WHERE id = ? AND received = ?", _parse(receipt)
            ),
            durable=False,
        )

    def hold(self, receipt: str, time: Millis) -> None:
        """Hide a message for `time` from now. Raises `RefusedError` if it has become visible."""
        now = self._clock()
        held = self._database.write(
            lambda db: (
                db.execute(
                    "UPDATE messages SET visible_at = ? WHERE id = ? AND received = ?"
                    " AND visible_at > ?",
                    (now + time, *_parse(receipt), now),
                ).rowcount
            ),
            durable=False,
        )
        if not held:
            raise RefusedError("the message has returned to its queue")

    def recover(self) -> None:
        """Return the messages of workers that ended with their process. No worker may run yet."""
        now = self._clock()
        self._database.write(
            lambda db: db.execute(
                "UPDATE messages SET visible_at = :now"
                " WHERE queue = :queue AND received > 0 AND visible_at > :now",
                {"queue": self.name, "now": now},
            )
        )

    def redrive(self, target: str) -> int:
        """Move all messages, which are dead letters, to another queue; return their number."""
        now = self._clock()
        return self._database.write(
            lambda db: (
                db.execute(
                    "UPDATE messages SET queue = ?, visible_at = ?, received = 0 WHERE queue = ?",
                    (target, now, self.name),
                ).rowcount
            )
        )

    def __len__(self) -> int:
        row = self._database.read(
            lambda db: db.execute(
                "SELECT count(*) AS count FROM messages WHERE queue = ?", (self.name,)
            ).fetchone()
        )
        count: int = row["count"]
        return count

    def _receive(
        self, db: Connection, now: Millis, limit: int, busy: Counter[str]
    ) -> Sequence[Message]:
        found: list[Row] = []
        while len(found) < limit:
            visible = self._find_visible(db, now, limit - len(found), busy)
            if not visible:
                break
            dead = [row for row in visible if self._is_dead(row)]
            live = [row for row in visible if not self._is_dead(row)]
            db.executemany(
                "UPDATE messages SET queue = ?, visible_at = ?, received = 0 WHERE id = ?",
                [(self._policy.dead_letters, now, row["id"]) for row in dead],
            )
            db.executemany(
                "UPDATE messages SET visible_at = ?, received = received + 1 WHERE id = ?",
                [(now + self._policy.visibility, row["id"]) for row in live],
            )
            found += live
            busy.update(row["tenant"] for row in live)
        return [
            Message(
                id=row["id"],
                tenant=row["tenant"],
                body=row["body"],
                sent_at=row["sent_at"],
                receive_count=row["received"] + 1,
            )
            for row in found
        ]

    def _find_visible(
        self, db: Connection, now: Millis, limit: int, busy: Counter[str]
    ) -> list[Row]:
        """Return the oldest messages, or a share of each tenant if there are more of them."""
        oldest = db.execute(_OLDEST, (self.name, now, limit + 1)).fetchall()
        if len(oldest) <= limit:
            return oldest
        tenants = db.execute(_TENANTS, {"queue": self.name}).fetchall()
        if not tenants[1:]:
            return oldest[:limit]
        waiting = sorted(
            (row for row in tenants if row["at"] <= now),
            key=lambda row: (busy[row["name"]], row["at"]),
        )
        turns = [
            (busy[row["tenant"]] + place, row["visible_at"], row["id"], row)
            for tenant in waiting[:limit]
            for place, row in enumerate(
                db.execute(_OLDEST_OF_TENANT, (self.name, tenant["name"], now, limit))
            )
        ]
        return [row for *_, row in islice(sorted(turns, key=lambda turn: turn[:3]), limit)]

    def _is_dead(self, row: Row) -> bool:
        most = self._policy.max_receives
        return most is not None and row["received"] >= most


def _parse(receipt: str) -> tuple[Any, ...]:
    """Return a message's id and its number of deliveries."""
    return tuple(receipt.split("-"))
