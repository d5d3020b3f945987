"""In-memory adapters of docs jobs; tests/adapters checks their contract."""

from collections import defaultdict
from collections.abc import Sequence

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.docs.docs_job import branch_key
from jobs.docs.ports import OutputItem
from jobs.kit.clock import Clock, Millis
from tests.fakes.memory import InMemoryJobRepository


class InMemoryOutputLog:
    def __init__(self) -> None:
        self._items: dict[JobRef, list[OutputItem]] = defaultdict(list)

    def append(self, ref: JobRef, item: OutputItem, *, expires_at: Millis) -> None:
        if item.number == len(self._items[ref]) + 1:
            self._items[ref].append(item)

    def read(self, ref: JobRef, *, since: int) -> Sequence[OutputItem]:
        return self._items[ref][since - 1 :]


class InMemoryBranches:
    def __init__(self, repository: InMemoryJobRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._locks: dict[tuple[str, str], tuple[str, Millis]] = {}

    def acquire(self, tenant: str, branch: str, job_id: str, *, until: Millis) -> bool:
        holder, held_until = self._locks.get((tenant, branch), (job_id, 0))
        if holder != job_id and held_until > self._clock():
            return False
        self._locks[tenant, branch] = (job_id, until)
        return True

    def release(self, tenant: str, branch: str, job_id: str) -> None:
        if self._locks.get((tenant, branch), ("", 0))[0] == job_id:
            del self._locks[tenant, branch]

    def next(self, tenant: str, branch: str) -> JobRef | None:
        waiting = [
            job.ref
            for job in self._repository.all()
            if job.tenant == tenant
            and job.details
            and branch_key(job) == branch
            and job.status is JobStatus.QUEUED
        ]
        return min(waiting, key=lambda ref: ref.id, default=None)
