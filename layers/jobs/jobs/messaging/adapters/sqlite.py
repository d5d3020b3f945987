"""Agents in the registry of a SQLite database, and the latest job of each chat."""

from collections.abc import Sequence

from jobs.core.adapters.sqlite.latest_jobs import SqliteLatestJobs
from jobs.core.job import Job, JobRef
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.rows import SqliteRows
from jobs.messaging.adapters.agents import from_row, to_row
from jobs.messaging.agent import Agent, pick_agent
from jobs.messaging.message import KIND

_PREFIX = "AGENT#"


class SqliteAgents:
    """Reads are cheap, so that there is no cache: a change holds at once."""

    def __init__(self, database: Database) -> None:
        self._rows = SqliteRows(database)

    def agents(self, tenant: str) -> Sequence[Agent]:
        found = (from_row(id_, row) for id_, row in self._rows.list(f"TENANT#{tenant}", _PREFIX))
        return sorted(found, key=lambda agent: (agent.order, agent.id))

    def find_agent(self, tenant: str, agent_id: str | None) -> Agent | None:
        return pick_agent(self.agents(tenant), agent_id)

    def put_agent(self, tenant: str, agent: Agent) -> None:
        self._rows.put(f"TENANT#{tenant}", f"{_PREFIX}{agent.id}", to_row(agent))


class SqliteChats:
    def __init__(self, database: Database) -> None:
        self._jobs = SqliteLatestJobs(database)

    def put(self, chat: str, job: Job) -> None:
        self._jobs.put(chat, job)

    def latest(self, tenant: str, chat: str) -> JobRef | None:
        return self._jobs.latest(tenant, KIND, chat)
