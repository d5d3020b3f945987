"""Webhooks in a SQLite database: subscriptions, deliveries and flow control."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from sqlite3 import Connection, Row
from typing import Final

from jobs.core.job import JobRef
from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite.database import Database, Schema
from jobs.kit.sqlite.rows import SqliteRows, put_row
from jobs.webhooks.adapters.deliveries import RETENTION_MS
from jobs.webhooks.adapters.subscriptions import from_row, to_row
from jobs.webhooks.errors import DeliveryNotFoundError
from jobs.webhooks.flow import LEASE_MS, Health, Place
from jobs.webhooks.webhook import (
    Attempt,
    DeliveryRef,
    DeliveryState,
    Receiver,
    Subscription,
    WebhookDelivery,
)

_PREFIX: Final = "WEBHOOK#"
_MEMORY_MS: Final[Millis] = 24 * 3600_000
"""The health of a receiver is forgotten after a day without a change."""

SCHEMA: Final = Schema(
    "webhooks",
    (
        """
        CREATE TABLE webhook_deliveries (
            tenant TEXT NOT NULL,
            job_id TEXT NOT NULL,
            id TEXT NOT NULL,
            kind TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            event TEXT NOT NULL,
            url TEXT NOT NULL,
            body TEXT NOT NULL,
            planned_at INTEGER NOT NULL,
            subscription TEXT,
            key_id TEXT,
            state TEXT NOT NULL,
            attempts TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, job_id, id)
        ) STRICT;
        CREATE INDEX webhook_deliveries_by_id ON webhook_deliveries (tenant, id);
        CREATE INDEX webhook_deliveries_by_expiry ON webhook_deliveries (expires_at);

        CREATE TABLE webhook_receivers (
            tenant TEXT NOT NULL,
            url TEXT NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0,
            failing_since INTEGER NOT NULL DEFAULT 0,
            paused_until INTEGER NOT NULL DEFAULT 0,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, url)
        ) STRICT;
        CREATE INDEX webhook_receivers_by_expiry ON webhook_receivers (expires_at);

        CREATE TABLE webhook_places (
            tenant TEXT NOT NULL,
            number INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, number)
        ) STRICT;
        CREATE INDEX webhook_places_by_expiry ON webhook_places (expires_at);
        """,
    ),
    expiring=("webhook_deliveries", "webhook_receivers", "webhook_places"),
)


class SqliteSubscriptions:
    """Reads are cheap, so that there is no cache: a change holds at once."""

    def __init__(self, database: Database) -> None:
        self._rows = SqliteRows(database)

    def put(self, subscription: Subscription) -> None:
        key = f"{_PREFIX}{subscription.id}"
        self._rows.put(f"TENANT#{subscription.tenant}", key, to_row(subscription))

    def list_active(self, tenant: str) -> Sequence[Subscription]:
        found = self._rows.list(f"TENANT#{tenant}", _PREFIX)
        stored = (from_row(tenant, id_, row) for id_, row in found)
        return [each for each in stored if each.active]


class SqliteDeliveryLog:
    """`count` counts a delivery's attempts, in the transaction that adds one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        count: Callable[[WebhookDelivery], None] = lambda _: None,
    ) -> None:
        database.create(SCHEMA)
        self._database = database
        self._clock = clock
        self._count = count

    def plan_all(self, deliveries: Sequence[WebhookDelivery]) -> None:
        for each in deliveries:
            self.plan(each)

    def plan(self, delivery: WebhookDelivery) -> None:
        values = _to_values(delivery)
        marks = ", ".join("?" * len(values))
        self._database.write(
            lambda db: db.execute(
                f"INSERT OR IGNORE INTO webhook_deliveries VALUES ({marks})", values
            )
        )

    def get(self, ref: DeliveryRef) -> WebhookDelivery:
        found = self._find(ref)
        if found is None:
            raise DeliveryNotFoundError(ref.id)
        return found

    def find(self, tenant: str, delivery_id: str) -> WebhookDelivery:
        for found in self._select("(tenant, id) = (?, ?)", tenant, delivery_id):
            return found
        raise DeliveryNotFoundError(delivery_id)

    def list_by_job(self, tenant: str, job_id: str) -> Sequence[WebhookDelivery]:
        return self._select("(tenant, job_id) = (?, ?)", tenant, job_id)

    def add_attempt(
        self, delivery: WebhookDelivery, attempt: Attempt, state: DeliveryState
    ) -> bool:
        def add(db: Connection) -> bool:
            stored = self._find(_ref(delivery))
            if stored is None:
                return False  # it has expired
            if attempt in stored.attempts:
                return True
            if len(stored.attempts) != len(delivery.attempts) and not attempt.succeeded:
                return False
            changed = replace(stored, attempts=(*stored.attempts, attempt), state=state)
            self._set(db, changed)
            self._count(changed)
            return True

        return self._database.write(add)

    def reopen(self, delivery: WebhookDelivery) -> None:
        def reopen(db: Connection) -> None:
            stored = self.get(_ref(delivery))
            if len(stored.attempts) == len(delivery.attempts):
                self._set(db, replace(stored, state=DeliveryState.PENDING))

        self._database.write(reopen)

    def _find(self, ref: DeliveryRef) -> WebhookDelivery | None:
        found = self._select("(tenant, job_id, id) = (?, ?, ?)", ref.tenant, ref.job_id, ref.id)
        return found[0] if found else None

    def _select(self, where: str, *values: str) -> Sequence[WebhookDelivery]:
        found = self._database.read(
            lambda db: db.execute(
                f"SELECT * FROM webhook_deliveries WHERE {where} AND expires_at > ?"
                " ORDER BY sequence, id",
                (*values, self._clock()),
            ).fetchall()
        )
        return [*map(_to_delivery, found)]

    @staticmethod
    def _set(db: Connection, delivery: WebhookDelivery) -> None:
        """Store what changes of a delivery."""
        db.execute(
            "UPDATE webhook_deliveries SET state = ?, attempts = ?"
            " WHERE (tenant, job_id, id) = (?, ?, ?)",
            (
                delivery.state.value,
                _dump(delivery.attempts),
                delivery.ref.tenant,
                delivery.ref.id,
                delivery.id,
            ),
        )


class SqliteReceivers:
    def __init__(self, database: Database, clock: Clock) -> None:
        database.create(SCHEMA)
        self._database = database
        self._clock = clock

    def health(self, receiver: Receiver) -> Health:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT failures, failing_since, paused_until FROM webhook_receivers"
                " WHERE (tenant, url) = (?, ?)",
                (receiver.tenant, receiver.url),
            ).fetchone()
        )
        return Health(**dict(found)) if found else Health()

    def claim_probe(self, receiver: Receiver, health: Health, *, until: Millis) -> bool:
        def claim(_: Connection) -> bool:
            if self.health(receiver).paused_until != health.paused_until:
                return False
            self.pause(receiver, until=until)
            return True

        return self._database.write(claim)

    def add_failure(self, receiver: Receiver) -> Health:
        def add(_: Connection) -> Health:
            known = self.health(receiver)
            since = known.failing_since or self._clock()
            after = replace(known, failures=known.failures + 1, failing_since=since)
            self._put(receiver, after)
            return after

        return self._database.write(add)

    def pause(self, receiver: Receiver, *, until: Millis) -> None:
        self._database.write(
            lambda _: self._put(receiver, replace(self.health(receiver), paused_until=until))
        )

    def reset(self, receiver: Receiver) -> None:
        self._database.write(
            lambda db: db.execute(
                "DELETE FROM webhook_receivers WHERE (tenant, url) = (?, ?)",
                (receiver.tenant, receiver.url),
            )
        )

    def _put(self, receiver: Receiver, health: Health) -> None:
        values: dict[str, str | int | None] = {
            "tenant": receiver.tenant,
            "url": receiver.url,
            **asdict(health),
            "expires_at": self._clock() + _MEMORY_MS,
        }
        self._database.write(lambda db: put_row(db, "webhook_receivers", values))


class SqlitePlaces:
    """`limit` places for each tenant."""

    def __init__(self, database: Database, clock: Clock, *, limit: int) -> None:
        database.create(SCHEMA)
        self._database = database
        self._clock = clock
        self._limit = limit

    def take(self, tenant: str) -> Place | None:
        now = self._clock()

        def take(db: Connection) -> Place | None:
            found = db.execute(
                "SELECT number FROM webhook_places WHERE tenant = ? AND expires_at > ?",
                (tenant, now),
            )
            taken = {each["number"] for each in found}
            free = next((n for n in range(self._limit) if n not in taken), None)
            if free is None:
                return None
            place = Place(tenant=tenant, number=free, until=now + LEASE_MS)
            put_row(
                db,
                "webhook_places",
                {"tenant": tenant, "number": free, "expires_at": place.until},
            )
            return place

        return self._database.write(take)

    def release(self, place: Place) -> None:
        self._database.write(
            lambda db: db.execute(
                "DELETE FROM webhook_places WHERE (tenant, number, expires_at) = (?, ?, ?)",
                (place.tenant, place.number, place.until),
            )
        )


def _ref(delivery: WebhookDelivery) -> DeliveryRef:
    return DeliveryRef(tenant=delivery.ref.tenant, job_id=delivery.ref.id, id=delivery.id)


def _to_values(delivery: WebhookDelivery) -> Sequence[str | int | None]:
    return (
        delivery.ref.tenant,
        delivery.ref.id,
        delivery.id,
        delivery.ref.kind,
        delivery.sequence,
        delivery.event,
        delivery.url,
        delivery.body,
        delivery.planned_at,
        delivery.subscription,
        delivery.key_id,
        delivery.state.value,
        _dump(delivery.attempts),
        delivery.planned_at + RETENTION_MS,
    )


def _to_delivery(row: Row) -> WebhookDelivery:
    return WebhookDelivery(
        id=row["id"],
        ref=JobRef(tenant=row["tenant"], kind=row["kind"], id=row["job_id"]),
        sequence=row["sequence"],
        event=row["event"],
        url=row["url"],
        body=row["body"],
        planned_at=row["planned_at"],
        subscription=row["subscription"],
        key_id=row["key_id"],
        state=DeliveryState(row["state"]),
        attempts=tuple(Attempt(**each) for each in json.loads(row["attempts"])),
    )


def _dump(attempts: Sequence[Attempt]) -> str:
    return json.dumps([asdict(each) for each in attempts], separators=(",", ":"))
