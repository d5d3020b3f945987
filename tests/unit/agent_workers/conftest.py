"""Workers' use cases, over a database in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from jobs.agent_workers.adapters.sqlite import SqliteClaimableJobs
from jobs.agent_workers.answer_job import AnswerJob, Held
from jobs.agent_workers.claim_jobs import Claim, Claimed, ClaimJobs
from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.messaging.adapters.providers.answer import to_answer
from jobs.messaging.message import WorkerTask, with_task
from jobs.sessions.adapters.sqlite import SqliteSessions
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.take_turn import TakeTurn
from tests.databases import Jobs, Slots
from tests.support import FrozenClock

AGENT = "55555555-5555-4555-8555-555555555555"
TENANT = "acme"


@dataclass
class Workplace:
    """`meanwhile` runs while a claim sleeps."""

    clock: FrozenClock
    meanwhile: Callable[[], object] = lambda: None
    naps: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.repository = Jobs(self.clock)
        database = self.repository.database
        self.slots = Slots(self.clock, database)
        self.log = SqliteOutputLog(database)
        self.claimable = SqliteClaimableJobs(database, self.clock)
        sessions = SqliteSessions(database, self.repository, self.clock)
        find_turn = FindTurn(repository=self.repository, sessions=sessions)
        self.claim_jobs = ClaimJobs(
            repository=self.repository,
            claimable=self.claimable,
            turns=TakeTurn(find_turn=find_turn, sessions=sessions, clock=self.clock),
            slots=self.slots,
            log=self.log,
            clock=self.clock,
            sleep=self.sleep,
        )
        self.answer = AnswerJob(
            repository=self.repository, log=self.log, to_answer=to_answer, clock=self.clock
        )

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.clock.advance(round(seconds * 1000))
        self.meanwhile()

    def claim(
        self, agents: Sequence[str] = (AGENT,), max_jobs: int = 1, wait_s: int = 0
    ) -> Claimed:
        claim = Claim(agents=agents, max_jobs=max_jobs, wait=wait_s * 1000)
        return self.claim_jobs(TENANT, claim)

    def claim_ids(self, **about: Any) -> list[str]:
        return [each.job.id for each in self.claim(**about).jobs]


@pytest.fixture
def place(clock) -> Workplace:
    return Workplace(clock)


@pytest.fixture
def queued(place, a_job, clock) -> Callable[..., Job]:
    """Store a job for workers."""

    def store(agent: str = AGENT, max_attempts: int = 5, **about: Any) -> Job:
        now = clock()
        times = {"created_at": now, "changed_at": now, "deadline": now + 300_000}
        new = a_job(
            id=new_job_id(now), request=a_job().request | {"agentId": agent}, **times | about
        )
        place.repository.add(new)
        job = with_task(new, WorkerTask(max_attempts=max_attempts)).enqueue(now=now)
        place.repository.save(job, replacing=new)
        return job

    return store


@pytest.fixture
def held(place, queued) -> Callable[..., Held]:
    """Claim a new job."""

    def claim(**about: Any) -> Held:
        queued(**about)
        [claimed] = place.claim().jobs
        return Held(ref=claimed.job.ref, agents=[AGENT], attempt=claimed.job.attempt)

    return claim
