"""Let a worker claim jobs of its agents, and wait for some if there are none."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from jobs.agent_workers.lease import FIRST_LEASE
from jobs.agent_workers.ports import ClaimableJobs
from jobs.core.errors import JobEndedError, JobLeasedError, JobNotFoundError, StaleJobError
from jobs.core.failure import Failure
from jobs.core.ids import new_job_id
from jobs.core.job import Job, JobRef
from jobs.core.log_failure import log_failure
from jobs.core.output_log import OutputLog, next_number
from jobs.core.ports import JobRepository, Slots
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, UnavailableError, UpstreamError
from jobs.messaging.history import PastMessage
from jobs.messaging.message import claimable_at, task_of, with_task
from jobs.messaging.ports import Turns

MAX_POLLS: Final = 20
"""Claims of a tenant that wait at a time: each holds a function, which other tenants need, too.

A further claim returns at once, and asks its worker to pause.
"""
PAUSE_S: Final = 5
"""How long a worker should pause whose claim may not wait."""
IDLE_AFTER: Final[Millis] = 300_000
"""Claims of a tenant without new messages do not wait: asking every few seconds costs less."""
_CANDIDATES: Final = 10
_FIRST_LOOK_S: Final = 0.2
_LAST_LOOK_S: Final = 1.0
_BACKOFF: Final = 1.3
_POLLS: Final = "worker-polls"
"""The kind of the slots that waiting claims hold, which no job has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A validated request of a worker."""

    agents: Sequence[str]
    max_jobs: int
    wait: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    job: Job
    history: Sequence[PastMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The claimed jobs, and how long the worker should pause before its next claim."""

    jobs: Sequence[ClaimedJob]
    pause_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimJobs:
    repository: JobRepository
    claimable: ClaimableJobs
    turns: Turns
    slots: Slots
    log: OutputLog
    clock: Clock
    sleep: Callable[[float], None]

    def __call__(self, tenant: str, claim: Claim) -> Claimed:
        """Claim up to `max_jobs`. None are left in doubt: a lost answer costs a short lease."""
        until = self.clock() + claim.wait
        agents = [*claim.agents]
        jobs = self._look(tenant, agents, claim.max_jobs)
        if jobs or not claim.wait:
            return self._claimed(jobs)
        if not self.claimable.any_since(tenant, self.clock() - IDLE_AFTER):
            return Claimed(jobs=(), pause_s=PAUSE_S)
        with self._poll(tenant, until) as may_wait:
            if not may_wait:
                return Claimed(jobs=(), pause_s=PAUSE_S)
            jobs = self._wait(tenant, agents, claim.max_jobs, until)
        return self._claimed(jobs)

    def _wait(self, tenant: str, agents: list[str], max_jobs: int, until: Millis) -> Sequence[Job]:
        look_s = _FIRST_LOOK_S
        while self.clock() + look_s * 1000 <= until:
            self.sleep(look_s)
            look_s = min(_LAST_LOOK_S, look_s * _BACKOFF)
            agents.append(agents.pop(0))  # no agent's jobs always come last
            if jobs := self._look(tenant, agents, max_jobs):
                return jobs
        return ()

    def _look(self, tenant: str, agents: Sequence[str], max_jobs: int) -> Sequence[Job]:
        claimed: list[Job] = []
        try:
            for agent in agents:
                self._claim_some(tenant, agent, claimed, max_jobs)
        except UnavailableError:
            if not claimed:
                raise
        return claimed

    def _claim_some(self, tenant: str, agent: str, claimed: list[Job], max_jobs: int) -> None:
        if len(claimed) == max_jobs:
            return
        found = [*self.claimable.find(tenant, agent, limit=_CANDIDATES)]
        if len(found) > max_jobs - len(claimed):
            random.shuffle(found)  # so that workers do not all try the same
        for ref in found:
            if len(claimed) == max_jobs:
                return
            if job := self._claim(ref):
                claimed.append(job)

    def _claim(self, ref: JobRef) -> Job | None:
        """Claim a job with one conditional write; None: it is not to be had."""
        try:
            job = self.repository.get(ref)
            task, since, now = task_of(job), claimable_at(job), self.clock()
            if task is None or since is None or since > now:
                return None  # the index was stale
            if job.attempt >= task.max_attempts:
                self._give_up(job, now)
                return None
            number = next_number(self.log, ref) if job.attempt else 1
            begun = replace(task, output_from=number, next_output=number, said=0)
            claimed = with_task(job.claim(now=now, lease=FIRST_LEASE), begun)
            self.repository.save(claimed, replacing=job)
        except (JobLeasedError, JobEndedError, JobNotFoundError, StaleJobError):
            return None
        return claimed

    def _give_up(self, job: Job, now: Millis) -> None:
        error = UpstreamError(
            "The agent's workers gave up on it",
            FailureClass.UNAVAILABLE,
            detail=f"claimed {job.attempt} times",
        )
        self.repository.save(job.fail(Failure.of(error), now=now), replacing=job)
        log_failure(job.ref, error)

    def _claimed(self, jobs: Sequence[Job]) -> Claimed:
        return Claimed(jobs=[ClaimedJob(job=job, history=self.turns.recall(job)) for job in jobs])

    @contextmanager
    def _poll(self, tenant: str, until: Millis) -> Iterator[bool]:
        """Hold a slot while the claim waits; False: the tenant has none left."""
        ref = JobRef(tenant=tenant, kind=_POLLS, id=new_job_id(self.clock()))
        slot = self.slots.take(ref, limit=MAX_POLLS, until=until)
        try:
            yield slot is not None
        finally:
            if slot:
                self.slots.release(ref, slot)
