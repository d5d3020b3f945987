"""Payments in a SQLite database; each write is conditional on state and attempt."""

from collections.abc import Callable
from dataclasses import asdict
from sqlite3 import Connection, Row
from typing import Final

from jobs.kit.clock import Clock
from jobs.kit.sqlite.database import Database, Schema
from jobs.kit.sqlite.rows import put_row
from jobs.payments.adapters.rows import RETENTION_MS, from_row, to_row
from jobs.payments.errors import StalePaymentError
from jobs.payments.payment import KeyedPayment, Payment

SCHEMA: Final = Schema(
    "payments",
    (
        """
        CREATE TABLE payments (
            id TEXT PRIMARY KEY,
            state TEXT NOT NULL,
            tenant TEXT NOT NULL,
            kind TEXT NOT NULL,
            job_id TEXT NOT NULL,
            request_hash TEXT NOT NULL,
            network TEXT NOT NULL,
            payer TEXT NOT NULL,
            amount TEXT NOT NULL, -- 256 bits, which INTEGER cannot hold
            created_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            lease_until INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            version INTEGER NOT NULL,
            valid_before INTEGER NOT NULL,
            txn TEXT NOT NULL,
            reason TEXT NOT NULL,
            key_id TEXT,
            job TEXT NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX payments_by_state ON payments (state, changed_at);
        CREATE INDEX payments_by_expiry ON payments (expires_at);

        CREATE TABLE payment_keys (
            tenant TEXT NOT NULL,
            key TEXT NOT NULL,
            payment_id TEXT NOT NULL,
            request_hash TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, key)
        ) STRICT;
        CREATE INDEX payment_keys_by_expiry ON payment_keys (expires_at);
        """,
    ),
    expiring=("payments", "payment_keys"),
)


class SqlitePayments:
    """`follow` is told each change, in the transaction that makes it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        follow: Callable[[Payment], None] = lambda _: None,
    ) -> None:
        database.create(SCHEMA)
        self._database = database
        self._clock = clock
        self._follow = follow

    def reserve(
        self,
        payment: Payment,
        *,
        replacing: Payment | None,
        key: KeyedPayment | None = None,
        replacing_key: KeyedPayment | None = None,
    ) -> bool:
        def reserve(db: Connection) -> bool:
            if not _is(self.find(payment.id), replacing):
                return False
            if key:
                known = self.find_key(key.tenant, key.key)
                if known and (
                    replacing_key is None or known.payment_id != replacing_key.payment_id
                ):
                    return False
                put_row(db, "payment_keys", asdict(key))
            self._put(db, payment)
            return True

        return self._database.write(reserve)

    def find(self, payment_id: str) -> Payment | None:
        found = self._database.read(
            lambda db: db.execute("SELECT * FROM payments WHERE id = ?", (payment_id,)).fetchone()
        )
        return _to_payment(found) if found else None

    def find_key(self, tenant: str, key: str) -> KeyedPayment | None:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT * FROM payment_keys WHERE (tenant, key) = (?, ?) AND expires_at > ?",
                (tenant, key, self._clock()),
            ).fetchone()
        )
        return KeyedPayment(**found) if found else None

    def save(self, payment: Payment, *, replacing: Payment) -> None:
        def save(db: Connection) -> None:
            if not _is(self.find(payment.id), replacing):
                raise StalePaymentError(payment.id)
            self._put(db, payment)

        self._database.write(save)

    def _put(self, db: Connection, payment: Payment) -> None:
        put_row(db, "payments", {
            **to_row(payment),
            "id": payment.id,
            "kind": payment.kind,
            "txn": payment.transaction,
            "expires_at": payment.created_at + RETENTION_MS,
        })  # fmt: skip
        self._follow(payment)


def _is(stored: Payment | None, expected: Payment | None) -> bool:
    if stored is None or expected is None:
        return stored is expected
    return (stored.state, stored.attempt) == (expected.state, expected.attempt)


def _to_payment(row: Row) -> Payment:
    return from_row({**dict(row), "transaction": row["txn"]})
