"""Ports of the core's use cases.

Adapters satisfy these structurally; nothing inherits from them. Every method
may raise `UnavailableError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jobs.core.changes import JobChange, JobCounts
from jobs.core.job import Job, JobRef
from jobs.core.rate_limit import Allowance, Limit
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """`request_hash` distinguishes a repeated request from another one with the same key."""

    value: str
    request_hash: str
    expires_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A query for a tenant's jobs, newest first. Empty `statuses` match all."""

    tenant: str
    kind: str
    limit: int
    statuses: frozenset[JobStatus] = frozenset()
    before: str | None = None


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


class JobCounters(Protocol):
    def read(self, tenant: str, kind: str) -> JobCounts:
        """Count the tenant's jobs at constant cost."""

    def count(self, changes: Sequence[JobChange]) -> None:
        """Apply each change exactly once, regardless of replays and batches."""


class JobQueue(Protocol):
    def send(self, ref: JobRef) -> None:
        """Queue the job for a worker, at least once."""


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
    """One delivery of a queue's message."""

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
