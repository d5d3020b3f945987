"""Ports of the core's use cases.

Adapters satisfy these structurally; nothing inherits from them. Every method
may raise `UnavailableError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from jobs.core.changes import JobChange, JobCounts
from jobs.core.job import Job, JobRef
from jobs.core.rate_limit import Allowance, Limit
from jobs.core.slots import Release, Slot
from jobs.core.status import JobStatus
from jobs.core.tenant_limits import TenantLimits
from jobs.core.usage import Usage, UsageLog
from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """`request_hash` distinguishes a repeated request from another one with the same key."""

    value: str
    request_hash: str
    expires_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A query for a tenant's jobs in all its shards, newest first. Empty `statuses` match all."""

    tenant: str
    kind: str
    limit: int
    statuses: frozenset[JobStatus] = frozenset()
    before: str | None = None
    shards: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`more`: older jobs follow. A page of large jobs may hold fewer than its limit."""

    jobs: Sequence[Job]
    more: bool


class JobRepository(Protocol):
    def add(self, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        """Store a new job atomically; return its ref, or that of the first job with this key.

        Raises `IdempotencyConflictError` if the key came with another request.
        """

    def has_key(self, tenant: str, kind: str, key: str) -> bool:
        """Return whether a job has this idempotency key, unless the key has expired."""

    def get(self, ref: JobRef) -> Job:
        """Return the job as stored, or raise `JobNotFoundError`."""

    def status_of(self, ref: JobRef) -> JobStatus:
        """Return the stored status without reading any body, or raise `JobNotFoundError`."""

    def deadline_of(self, ref: JobRef) -> Millis:
        """Return the stored deadline without reading any body, or raise `JobNotFoundError`."""

    def is_claimed(self, ref: JobRef) -> bool:
        """Return whether a worker has claimed the job, or has queued it for others.

        False for one that does not exist.
        """

    def save(self, job: Job, *, replacing: Job) -> None:
        """Store a later state of the job, or raise `StaleJobError` if it is not as `replacing`."""

    def renew(self, job: Job, *, lease_until: Millis) -> None:
        """Renew the lease of the job's attempt, or raise `StaleJobError` if the attempt is over."""

    def delete(self, job: Job) -> None:
        """Delete a job with all its items, or raise `StaleJobError` if it has changed.

        Idempotent.
        """

    def newest(self, listing: Listing, *, known: int) -> Page:
        """Return up to `listing.limit` jobs, older than `listing.before`.

        `known`, the number of jobs, bounds the search among items that TTL has not deleted yet.
        """


class Pause(Protocol):
    def __call__(self, ref: JobRef, seconds: float) -> None:
        """Wait for some seconds, or less if it can tell that the job has ended."""


class JobCounters(Protocol):
    def read(self, tenant: str, kind: str) -> JobCounts:
        """Count the tenant's jobs at constant cost."""

    def count(self, changes: Sequence[JobChange]) -> None:
        """Apply each change exactly once, regardless of replays and batches.

        Adds the usage of each job that has ended.
        """


class UsageCounters(Protocol):
    def read(
        self, tenant: str, *, first: date, last: date, key_id: str | None = None
    ) -> Sequence[Usage]:
        """Return a tenant's usage, or that of one of its keys, by day and source.

        The cost depends on the number of days alone.
        """

    def count(self, logs: Sequence[UsageLog]) -> None:
        """Add each entry of the logs exactly once, regardless of replays and batches."""


class JobQueue(Protocol):
    def send(self, ref: JobRef) -> None:
        """Queue the job for a worker, at least once."""


class SlotQueue(Protocol):
    def send(self, ref: JobRef, slot: Slot, *, delay_s: int = 0) -> None:
        """Queue the job for a worker, which releases the slot. At least once."""


class Slots(Protocol):
    """Limits how many of a tenant's jobs of a kind have a message, and knows the others.

    Many slots are in several groups, and each job takes slots of one group.
    """

    def group_of(self, ref: JobRef, *, limit: int) -> int:
        """Return the job's group among so many slots: 0 if there is only one."""

    def take(self, ref: JobRef, *, limit: int, until: Millis) -> Slot | None:
        """Take a slot until it is released or expires. None if all of the group are taken.

        A job that has a slot until then gets the same one again, and `again` says so.
        """

    def release(self, ref: JobRef, slot: Slot) -> None:
        """Free a slot. Idempotent."""

    def wait(self, ref: JobRef, *, until: Millis, limit: int) -> bool:
        """Let the job wait until its deadline, and report each release from now on.

        Return whether a slot is free at this moment, which is not reported.
        """

    def leave(self, ref: JobRef, *, group: int) -> None:
        """Let the job wait no longer for a slot of the group. Idempotent."""

    def oldest(self, release: Release, *, max_age: Millis) -> JobRef | None:
        """Return the group's oldest job of this age that waits and is not overdue. Consistent."""

    def stranded(self, release: Release, *, max_age: Millis) -> JobRef | None:
        """Return a job of the group that waits although it has a slot: its sender has died.

        It may be overdue. Consistent, among the group's hundred oldest jobs of this age.
        """

    def close(self, release: Release) -> None:
        """Report no further release, unless a job has begun to wait since this one."""


class Timers(Protocol):
    def time_out(self, ref: JobRef, *, at: Millis) -> None:
        """Start a timer that ends the job at its deadline. Idempotent."""


class EventPublisher(Protocol):
    def publish(self, changes: Sequence[JobChange]) -> None:
        """Publish changes at least once, in order."""


class JobMetrics(Protocol):
    def measure(self, changes: Sequence[JobChange]) -> None:
        """Emit metrics of changes. A replayed change is measured again."""


class Delivery(Protocol):
    """One delivery of a queue's message. `count` is 1 for the message's first one."""

    @property
    def count(self) -> int: ...

    def hold(self, seconds: int) -> None:
        """Hide the message from other workers for `seconds` from now.

        Raises `RefusedError` if the message has returned to its queue already.
        """


class Signer(Protocol):
    """Signs a listing's position as a cursor that only its owner can use."""

    def sign(self, value: str, *, scope: str) -> str: ...

    def verify(self, token: str, *, scope: str) -> str:
        """Return the signed value, or raise `BadCursorError`."""


class RateLimits(Protocol):
    def take(self, owner: str, limit: Limit) -> Allowance:
        """Count one request in the owner's window; start a new window after the last one.

        Exact under concurrency. A refused request is not counted.
        """


class TenantLimitsRegistry(Protocol):
    def limits(self, tenant: str) -> TenantLimits:
        """Return the tenant's own limits, from a cache of one minute."""

    def put_limits(self, tenant: str, limits: TenantLimits) -> None:
        """Replace the tenant's own limits."""
