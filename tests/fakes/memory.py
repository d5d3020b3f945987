"""In-memory adapters of core, auth and messaging; tests/adapters checks their contract."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from jobs.auth.api_key import ApiKey
from jobs.core.changes import JobChange, JobCounts
from jobs.core.errors import IdempotencyConflictError, JobNotFoundError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey, Listing, Page
from jobs.core.status import JobStatus
from jobs.docs.docs_job import DocsJob, docs_job_of, with_docs_job
from jobs.kit.clock import Clock, Millis
from jobs.messaging.agent import Agent, pick_agent
from jobs.missions.mission import Mission, WaitingMission, waits_for_device
from jobs.missions.partner import Client


class InMemoryJobRepository:
    """`changes` is the table's stream."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: dict[JobRef, Job] = {}
        self._keys: dict[tuple[str, str, str], tuple[IdempotencyKey, JobRef]] = {}
        self.changes: list[JobChange] = []

    def add(self, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        if key:
            claim = (job.tenant, job.kind, key.value)
            first, ref = self._keys.get(claim, (key, job.ref))
            if claim in self._keys and first.expires_at > self._clock():
                if first.request_hash != key.request_hash:
                    raise IdempotencyConflictError
                return ref
            self._keys[claim] = (key, job.ref)
        if job.ref not in self._jobs:  # ids are unique: the stored job is this one
            self._put(job, None)
        return job.ref

    def has_key(self, tenant: str, kind: str, key: str) -> bool:
        first = self._keys.get((tenant, kind, key))
        return first is not None and first[0].expires_at > self._clock()

    def get(self, ref: JobRef) -> Job:
        job = self._jobs.get(ref)
        if job is None or job.gone_at <= self._clock():
            raise JobNotFoundError(ref.id)
        return job

    def status_of(self, ref: JobRef) -> JobStatus:
        return self.get(ref).status

    def save(self, job: Job, *, replacing: Job) -> None:
        stored = self._jobs.get(job.ref)
        if stored is None or (stored.status, stored.attempt) != (
            replacing.status,
            replacing.attempt,
        ):
            raise StaleJobError(job.id)
        if isinstance(stored.details, DocsJob):  # only `follow` changes it
            job = with_docs_job(job, latest=stored.details.latest)
        self._put(job, stored)

    def renew(self, job: Job, *, lease_until: Millis) -> None:
        stored = self._jobs.get(job.ref)
        if stored is None or (stored.status, stored.attempt) != (JobStatus.RUNNING, job.attempt):
            raise StaleJobError(job.id)
        self._jobs[job.ref] = stored.renewed(lease_until)

    def delete(self, job: Job) -> None:
        stored = self._jobs.get(job.ref)
        if stored is None:
            return
        if (stored.status, stored.attempt) != (job.status, job.attempt):
            raise StaleJobError(job.id)
        del self._jobs[job.ref]
        self.changes.append(replace(change(job, previous=job.status), status=None))

    def list_waiting(self, tenant: str, group_id: str, *, limit: int) -> Sequence[WaitingMission]:
        found = [
            WaitingMission(ref=job.ref, mission=job.details)
            for job in self._jobs.values()
            if job.tenant == tenant
            and isinstance(job.details, Mission)
            and job.details.group == group_id
            and waits_for_device(job)
        ]
        return sorted(found, key=lambda each: (-each.mission.priority, each.ref.id))[:limit]

    def follow(self, job: Job, *, after: str | None, key: IdempotencyKey | None = None) -> JobRef:
        root = self._jobs.get(replace(job.ref, id=docs_job_of(job).root or ""))
        repeated = key is not None and self.has_key(job.tenant, job.kind, key.value)
        if not repeated and root is None:
            raise JobNotFoundError(job.id)
        if not repeated and root and docs_job_of(root).latest != after:
            raise StaleJobError(job.id)
        ref = self.add(job, key)
        if root and ref == job.ref:
            self._jobs[root.ref] = with_docs_job(root, latest=job.id)
        return ref

    def list_by_project(
        self, tenant: str, project: str, *, skip: int, take: int
    ) -> Sequence[JobRef]:
        found = [
            job.ref
            for job in sorted(self._jobs.values(), key=lambda job: job.id, reverse=True)
            if job.tenant == tenant
            and isinstance(job.details, DocsJob)
            and (job.details.project, job.details.root) == (project, None)
            and job.gone_at > self._clock()
        ]
        return found[skip : skip + take]

    def headers(self, refs: Sequence[JobRef]) -> Sequence[Job]:
        found = [self._jobs[ref] for ref in refs if ref in self._jobs]
        return [replace(job, request={}) for job in found if job.gone_at > self._clock()]

    def newest(self, listing: Listing, *, known: int) -> Page:
        found = [
            job
            for job in sorted(self._jobs.values(), key=lambda job: job.id, reverse=True)
            if (job.tenant, job.kind) == (listing.tenant, listing.kind)
            and (not listing.statuses or job.status in listing.statuses)
            and (listing.before is None or job.id < listing.before)
            and job.gone_at > self._clock()
        ]
        return Page(jobs=found[: listing.limit], more=len(found) > listing.limit)

    def all(self) -> Sequence[Job]:
        return [*self._jobs.values()]

    def _put(self, job: Job, before: Job | None) -> None:
        self._jobs[job.ref] = job
        if before is None or before.status != job.status:
            self.changes.append(change(job, previous=before.status if before else None))


def change(job: Job, *, previous: JobStatus | None) -> JobChange:
    return JobChange(
        ref=job.ref,
        sequence=job.sequence,
        status=job.status,
        previous=previous,
        changed_at=job.changed_at,
        created_at=job.created_at,
        gone_at=job.gone_at,
        details=job.details,
        webhook=job.webhook,
    )


class InMemoryJobCounters:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest: dict[JobRef, JobChange] = {}

    def read(self, tenant: str, kind: str) -> JobCounts:
        now = self._clock()
        counted = [
            change
            for change in self._latest.values()
            if (change.ref.tenant, change.ref.kind) == (tenant, kind)
            and change.status is not None
            and (not change.status.is_terminal or change.gone_at > now)
        ]
        return JobCounts(
            by_status={s: sum(change.status is s for change in counted) for s in JobStatus},
            processing_ms=sum(
                change.changed_at - change.created_at
                for change in counted
                if change.status is JobStatus.SUCCEEDED
            ),
        )

    def count(self, changes: Sequence[JobChange]) -> None:
        for change in changes:
            known = self._latest.get(change.ref)
            if known is None or _order(known) < _order(change):
                self._latest[change.ref] = change


def _order(change: JobChange) -> tuple[int, bool]:
    return change.sequence, change.status is None


class InMemoryRegistry:
    def __init__(self) -> None:
        self._agents: dict[tuple[str, str], Agent] = {}
        self._keys: dict[str, ApiKey] = {}
        self._clients: dict[str, Client] = {}

    def agents(self, tenant: str) -> Sequence[Agent]:
        found = [agent for (owner, _), agent in self._agents.items() if owner == tenant]
        return sorted(found, key=lambda agent: (agent.order, agent.id))

    def find_agent(self, tenant: str, agent_id: str | None) -> Agent | None:
        return pick_agent(self.agents(tenant), agent_id)

    def key(self, key_id: str) -> ApiKey | None:
        return self._keys.get(key_id)

    def put_agent(self, tenant: str, agent: Agent) -> None:
        self._agents[tenant, agent.id] = agent

    def put_key(self, key: ApiKey) -> None:
        self._keys[key.id] = key

    def client(self, client_id: str) -> Client | None:
        return self._clients.get(client_id)

    def put_client(self, client: Client) -> None:
        self._clients[client.id] = client


@dataclass(slots=True)
class Outbox:
    """Implements `JobQueue`, `Timers`, `EventPublisher` and `JobMetrics`; records all calls."""

    sent: list[JobRef] = field(default_factory=list)
    deadlines: dict[JobRef, Millis] = field(default_factory=dict)
    polled: dict[JobRef, Millis] = field(default_factory=dict)
    published: list[JobChange] = field(default_factory=list)
    measured: list[JobChange] = field(default_factory=list)

    def send(self, ref: JobRef) -> None:
        self.sent.append(ref)

    def time_out(self, ref: JobRef, *, at: Millis) -> None:
        self.deadlines.setdefault(ref, at)

    def poll(self, ref: JobRef, *, until: Millis) -> None:
        self.polled.setdefault(ref, until)

    def publish(self, changes: Sequence[JobChange]) -> None:
        self.published.extend(changes)

    def measure(self, changes: Sequence[JobChange]) -> None:
        self.measured.extend(changes)
