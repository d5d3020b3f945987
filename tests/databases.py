"""SQLite databases for tests, and what tests want to see in them."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, override

from jobs import kinds
from jobs.admin.adapters.rows import key_of
from jobs.admin.adapters.sqlite import SqliteAuditLog, SqliteRegistry
from jobs.admin.audit import Record as AuditRecord
from jobs.auth.adapters.sqlite import SqliteApiKeys
from jobs.core.adapters.sqlite import slots, stream
from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.adapters.sqlite.slots import SqliteSlots
from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.core.changes import JobChange
from jobs.core.job import Job, JobRef
from jobs.core.resource import Resource
from jobs.core.slots import Release
from jobs.docs.adapters.sqlite import SqliteBranches, SqliteChats, SqliteDocsJobs
from jobs.kit.clock import Clock, now
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.outbox import Record
from jobs.messaging.adapters.sqlite import SqliteAgents
from jobs.messaging.message import KIND as MESSAGING
from jobs.missions.adapters import partners
from jobs.missions.adapters.storage import MissionStorage
from jobs.missions.mission import KIND as MISSIONS
from jobs.missions.mission import WaitingMission
from jobs.missions.partner import Client
from jobs.payments.adapters.sqlite import SqlitePayments
from jobs.payments.payment import Payment
from jobs.sessions.adapters.sqlite import SqliteChatJobs, SqliteSessions
from jobs.webhooks.adapters.sqlite import SqliteDeliveryLog


def empty_database() -> Database:
    """Return a database in memory, with all tables. It is a copy, which takes a millisecond."""
    database = Database()
    database.read(lambda db: db.deserialize(_template()))
    return database


@cache
def _template() -> bytes:
    database = Database()
    jobs = SqliteChatJobs(database, now, kinds.storage)
    SqliteSessions(database, jobs, now)
    SqliteDocsJobs(database, jobs, now)
    SqliteOutputLog(database)
    SqliteChats(database)
    SqliteBranches(database, now)
    SqliteDeliveryLog(database, now)
    SqlitePayments(database, now)
    SqliteRegistry(database)
    SqliteJobCounters(database, now)
    SqliteUsage(database, now)
    SqliteSlots(database, now)
    SqliteRateLimits(database, now)
    return database.read(lambda db: db.serialize())


def read_outbox(database: Database, topic: str, *, since: int = 0) -> Sequence[Record]:
    found = database.read(
        lambda db: db.execute(
            "SELECT seq, body FROM outbox WHERE topic = ? AND seq > ? ORDER BY seq", (topic, since)
        ).fetchall()
    )
    return [Record(row["seq"], json.loads(row["body"])) for row in found]


class Jobs(SqliteChatJobs):
    """The jobs of all kinds. `changes` is what the table reports, in place of a stream."""

    def __init__(self, clock: Clock, database: Database | None = None) -> None:
        self.database = database or empty_database()
        super().__init__(self.database, clock, kinds.storage)
        self._changes: list[JobChange] = []
        self._read = 0

    @property
    def changes(self) -> Sequence[JobChange]:
        for record in read_outbox(self.database, stream.TOPIC, since=self._read):
            if change := stream.parse_change(record, kinds.storage):
                self._changes.append(change)
            self._read = record.seq
        return [*self._changes]

    @override
    def save(self, job: Job, *, replacing: Job) -> None:
        if job.kind == MESSAGING:
            super().save(job, replacing=replacing)
        else:
            SqliteJobRepository.save(self, job, replacing=replacing)

    def all(self) -> Sequence[Job]:
        found = self.database.read(
            lambda db: db.execute("SELECT * FROM jobs ORDER BY rowid").fetchall()
        )
        return [self._rows.to_job(dict(row)) for row in found]

    def list_waiting(self, tenant: str, group_id: str, *, limit: int) -> Sequence[WaitingMission]:
        """The port of missions, which a server without AWS does not have."""
        found = self.database.read(
            lambda db: db.execute(
                "SELECT id, details FROM jobs WHERE details ->> 'waiting' = ?"
                " ORDER BY details ->> 'rank' LIMIT ?",
                (f"{tenant}#{MISSIONS}#{group_id}", limit),
            ).fetchall()
        )
        return [
            WaitingMission(
                ref=JobRef(tenant=tenant, kind=MISSIONS, id=row["id"]),
                mission=MissionStorage().load(json.loads(row["details"])),
            )
            for row in found
        ]


class Slots(SqliteSlots):
    """`releases` are the reported ones, which a test may remove."""

    def __init__(self, clock: Clock, database: Database | None = None) -> None:
        self.database = database or empty_database()
        super().__init__(self.database, clock)
        self._releases: list[Release] = []
        self._read = 0

    @property
    def releases(self) -> list[Release]:
        for record in read_outbox(self.database, slots.TOPIC, since=self._read):
            self._releases.append(slots.parse_release(record))
            self._read = record.seq
        return self._releases

    def find(self, ref: JobRef) -> list[int]:
        """Return the job's slot as messages have it."""
        found = self.database.read(
            lambda db: db.execute(
                "SELECT number, token FROM slots WHERE tenant = ? AND kind = ? AND job_id = ?",
                (ref.tenant, ref.kind, ref.id),
            ).fetchone()
        )
        return [*found]

    def count(self, tenant: str, kind: str) -> int:
        """Return how many slots are taken."""
        found = self.database.read(
            lambda db: db.execute(
                "SELECT count(*) AS number FROM slots"
                " WHERE tenant = ? AND kind = ? AND expires_at > ?",
                (tenant, kind, self._clock()),
            ).fetchone()
        )
        return int(found["number"])


class Registry(SqliteAgents, SqliteApiKeys):
    """Agents, API keys and the clients of partners."""

    def __init__(self, clock: Clock = lambda: 0, database: Database | None = None) -> None:
        database = database or empty_database()
        SqliteAgents.__init__(self, database)
        SqliteApiKeys.__init__(self, database)
        self._clock = clock

    def client(self, client_id: str) -> Client | None:
        row = self._rows.get(f"CLIENT#{client_id}", "CLIENT")
        found = row and partners.from_row(row["tenant"], client_id, row)
        return found if found and found.is_valid(self._clock()) else None

    def put_client(self, client: Client) -> None:
        row = {"tenant": client.tenant, **partners.to_row(client)}
        self._rows.put(f"CLIENT#{client.id}", "CLIENT", row)


class AdminRegistry(SqliteRegistry):
    """`put` stores an entry of an earlier version, which no admin command has written."""

    def __init__(self) -> None:
        self.database = empty_database()
        super().__init__(self.database)

    @property
    def records(self) -> Sequence[AuditRecord]:
        return SqliteAuditLog(self.database).page(None, None).entries[::-1]

    def put(self, resource: Resource[Any], tenant: str, entry: str, value: Any) -> None:
        owner = {"tenant": tenant} if resource.home == "own" else {}
        self._rows.put(*key_of(resource, tenant, entry), {**owner, **resource.to_row(value)})

    def remove(self, resource: Resource[Any], tenant: str, entry: str) -> None:
        key = key_of(resource, tenant, entry)
        self.database.write(
            lambda db: db.execute("DELETE FROM registry WHERE (pk, sk) = (?, ?)", key)
        )


class Payments(SqlitePayments):
    def __init__(self, clock: Clock) -> None:
        super().__init__(empty_database(), clock)

    def all(self) -> Sequence[Payment]:
        found = self._database.read(
            lambda db: db.execute("SELECT id FROM payments ORDER BY rowid").fetchall()
        )
        return [payment for row in found if (payment := self.find(row["id"]))]
