"""Composes the API of workers over one SQLite file: `jobs.core.wiring_sqlite`.

Its sessions' wiring is composed by itself.
"""

from jobs.agent_workers.adapters.sqlite import SqliteClaimableJobs
from jobs.agent_workers.wiring import AgentWorkersWiring
from jobs.kit.clock import Clock
from jobs.kit.sqlite.database import Database


def use_sqlite(wiring: AgentWorkersWiring, database: Database, *, clock: Clock) -> None:
    vars(wiring).update(claimable=SqliteClaimableJobs(database, clock))
