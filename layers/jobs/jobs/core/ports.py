"""What the use cases need from the outside world.

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
    """`request_hash` tells a repeated request from another one under the same key."""

    value: str
    request_hash: str
    expires_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which of a tenant's jobs to list, newest first. Empty `statuses`: all of them."""

    tenant: str
    kind: str
    limit: int
    statuses: frozenset[JobStatus] = frozenset()
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`more`: older jobs follow. A page may be short of its limit where its jobs are large."""

    jobs: Sequence[Job]
    more: bool


class JobRepository(Protocol):
    def add(self, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        """Store a new job, whole or not at all; return its ref, or the first job's of this key.

        Raises `IdempotencyConflictError` if the key came with another request.
        """

    def knows(self, tenant: str, kind: str, key: str) -> bool:
        """Tell whether there has been a job of this idempotency key, which is remembered still."""

    def get(self, ref: JobRef) -> Job:
        """Return the job as stored, or raise `JobNotFoundError`."""

    def status_of(self, ref: JobRef) -> JobStatus:
        """Return the stored status without reading any body, or raise `JobNotFoundError`."""

    def save(self, job: Job, *, replacing: Job) -> None:
        """Store a later state of the job, or raise `StaleJobError` if it is not as `replacing`."""

    def renew(self, job: Job, *, lease_until: Millis) -> None:
        """Prolong the lease of the job's attempt, or raise `StaleJobError` if it is over."""

    def delete(self, job: Job) -> None:
        """Remove a job with all that belongs to it, or raise `StaleJobError` if it has changed.

        Harmless when repeated.
        """

    def newest(self, listing: Listing, *, known: int) -> Page:
        """Return up to `listing.limit` jobs, older than `listing.before`.

        `known` is how many there are: it bounds the search among items that TTL has yet to delete.
        """


class JobCounters(Protocol):
    def read(self, tenant: str, kind: str) -> JobCounts:
        """Count the tenant's jobs that are not gone, at a cost that does not grow with them."""

    def count(self, changes: Sequence[JobChange]) -> None:
        """Apply changes, each once, however often and in whatever batches they are delivered."""


class JobQueue(Protocol):
    def send(self, ref: JobRef) -> None:
        """Hand the job to a worker, at least once."""


class Timers(Protocol):
    def time_out(self, ref: JobRef, *, at: Millis) -> None:
        """See to it that the job is ended at its deadline; idempotent."""


class EventPublisher(Protocol):
    def publish(self, changes: Sequence[JobChange]) -> None:
        """Tell the world, at least once and in order."""


class JobMetrics(Protocol):
    def measure(self, changes: Sequence[JobChange]) -> None:
        """Show operators what happens. A change that is told again is measured again."""


class Delivery(Protocol):
    """One receipt of a queue's message."""

    def hold(self, seconds: int) -> None:
        """Keep the message from other workers for so long from now."""


class Signer(Protocol):
    """Turns a listing position into a cursor that only its owner can use."""

    def sign(self, value: str, *, scope: str) -> str: ...

    def verify(self, token: str, *, scope: str) -> str:
        """Return the signed value, or raise `BadCursorError`."""


class RateLimits(Protocol):
    def take(self, owner: str, limit: Limit) -> Allowance:
        """Take one request from the owner's window, or begin a new one if it is over.

        Exact, however many ask at once. A request that is not granted takes nothing.
        """
