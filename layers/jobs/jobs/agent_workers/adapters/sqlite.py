"""The index of the jobs' table that is the queue of each agent's jobs."""

from collections.abc import Sequence

from jobs.core.ids import earliest_id
from jobs.core.job import JobRef
from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite.database import Database
from jobs.messaging.adapters.storage import rank, worker_queue_key
from jobs.messaging.message import KIND


class SqliteClaimableJobs:
    """The tables belong to the core."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def find(self, tenant: str, agent_id: str, *, limit: int) -> Sequence[JobRef]:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT id FROM jobs WHERE details ->> 'waiting' = ? AND details ->> 'rank' < ?"
                " ORDER BY details ->> 'rank' LIMIT ?",
                (worker_queue_key(tenant, agent_id), rank(self._clock() + 1), limit),
            ).fetchall()
        )
        return [JobRef(tenant=tenant, kind=KIND, id=row["id"]) for row in found]

    def any_since(self, tenant: str, since: Millis) -> bool:
        return self._database.read(
            lambda db: (
                db.execute(
                    "SELECT 1 FROM jobs WHERE tenant = ? AND kind = ? AND id >= ? LIMIT 1",
                    (tenant, KIND, earliest_id(since)),
                ).fetchone()
                is not None
            )
        )
