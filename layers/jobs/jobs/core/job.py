"""The job: an immutable aggregate, independent of AWS and HTTP.

All times are epoch milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from jobs.core.errors import JobEndedError, JobLeasedError
from jobs.core.failure import Failure
from jobs.core.status import JobStatus
from jobs.core.tokens import NO_TOKENS, Tokens
from jobs.core.webhook import Webhook
from jobs.kit.clock import Millis
from jobs.kit.errors import FailureClass

RETENTION_STEPS: Final = 96
"""Jobs expire together, at the next full 96th of their retention (for 24 h: every 15 minutes), so
that counters can group them by time of expiry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRef:
    """A job's address, as queues, events and executions carry it."""

    tenant: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request and its result.

    `sequence` counts the changes of status, creation included. `attempt` is the
    fencing token: every claim increments it, and writes with an older one fail.
    `handle` identifies the task at a remote server to which the job is delegated.
    `key_id` identifies the API key, or a partner's client, that has created the job, if any.
    `tokens` are those of all attempts, as far as the provider tells them.
    `webhook` is the receiver that the creator named. `details` belong to the job's
    kind: the core stores them and never reads them.
    """

    id: str
    tenant: str
    kind: str
    request: Mapping[str, Any]
    created_at: Millis
    changed_at: Millis
    deadline: Millis
    retention: Millis
    status: JobStatus = JobStatus.PENDING
    sequence: int = 1
    attempt: int = 0
    lease_until: Millis = 0
    ended_at: Millis | None = None
    result: Mapping[str, Any] | None = None
    failure: Failure | None = None
    handle: str | None = None
    webhook: Webhook | None = None
    key_id: str | None = None
    tokens: Tokens = NO_TOKENS
    details: object | None = None

    @property
    def ref(self) -> JobRef:
        return JobRef(tenant=self.tenant, kind=self.kind, id=self.id)

    @property
    def error(self) -> str | None:
        """Why the job failed."""
        return None if self.failure is None else self.failure.reason

    @property
    def failure_class(self) -> FailureClass | None:
        """The class of what ended the job without a result; None for a job that was cancelled."""
        if self.status is JobStatus.TIMED_OUT:
            return FailureClass.TIMEOUT
        return None if self.failure is None else self.failure.failure_class

    @property
    def gone_at(self) -> Millis:
        """The time at which the job expires: its end plus its retention, rounded up to a step."""
        ended = self.deadline if self.ended_at is None else self.ended_at
        step = max(1, self.retention // RETENTION_STEPS // 1000) * 1000
        return -(-(ended + self.retention) // step) * step

    def as_of(self, now: Millis) -> Self:
        """Return the job as of `now`: past its deadline, it has timed out."""
        if self.status.is_terminal or now < self.deadline:
            return self
        return self.time_out()

    def claim(self, *, now: Millis, lease: Millis) -> Self:
        """Claim the job for a worker, also if another worker's lease has expired.

        Raises `JobEndedError`, or `JobLeasedError` while another worker holds it.
        """
        self._check_not_ended(now)
        if self.status is JobStatus.RUNNING and now < self.lease_until:
            raise JobLeasedError(self.lease_until)
        started = self if self.status is JobStatus.RUNNING else self._to(JobStatus.RUNNING, now)
        return replace(started, attempt=self.attempt + 1, lease_until=now + lease)

    def enqueue(self, *, now: Millis) -> Self:
        """Mark the job as queued. Raises `JobEndedError`."""
        self._check_not_ended(now)
        return self._to(JobStatus.QUEUED, now)

    def start(self, *, now: Millis, deadline: Millis) -> Self:
        """Mark the job as running elsewhere, with a new deadline. Raises `JobEndedError`."""
        self._check_not_ended(now)
        return replace(self._to(JobStatus.RUNNING, now), deadline=deadline)

    def renewed(self, lease_until: Millis) -> Self:
        return replace(self, lease_until=lease_until)

    def delegate(self, handle: str) -> Self:
        """Record the handle of the remote server's task, which is polled from now on."""
        return replace(self, handle=handle)

    def spend(self, tokens: Tokens) -> Self:
        return replace(self, tokens=self.tokens + tokens)

    def succeed(self, result: Mapping[str, Any], *, now: Millis) -> Self:
        self._check_not_ended(now)
        return replace(self._to(JobStatus.SUCCEEDED, now), result=result)

    def fail(self, failure: Failure, *, now: Millis) -> Self:
        self._check_not_ended(now)
        return replace(self._to(JobStatus.FAILED, now), failure=failure)

    def cancel(self, *, now: Millis) -> Self:
        self._check_not_ended(now)
        return self._to(JobStatus.CANCELLED, now)

    def time_out(self) -> Self:
        """End the job as of its deadline."""
        return self._to(JobStatus.TIMED_OUT, self.deadline)

    def _check_not_ended(self, now: Millis) -> None:
        if self.as_of(now).status.is_terminal:
            raise JobEndedError(self.id)

    def _to(self, status: JobStatus, when: Millis) -> Self:
        if not self.status.allows(status):
            raise JobEndedError(f"a {self.status} job cannot become {status}")
        return replace(
            self,
            status=status,
            sequence=self.sequence + 1,
            changed_at=when,
            ended_at=when if status.is_terminal else None,
        )
