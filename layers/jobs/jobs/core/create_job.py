"""Create a job with one conditional write. The table's stream guarantees everything else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.ports import IdempotencyKey, JobRepository
from jobs.core.send_early import SendEarly
from jobs.core.webhook import Webhook
from jobs.kit.clock import Clock, Millis

IDEMPOTENCY_KEY_TTL_MS: Final[Millis] = 24 * 3600 * 1000
"""An Idempotency-Key expires after this time (messaging contract, Behaviour)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A validated request for a job, independent of the API's wire format.

    `idempotency_key` identifies the request for `IDEMPOTENCY_KEY_TTL_MS`; `request_hash`
    distinguishes a repeated request from another one with the same key. `key_id` is the caller's.
    """

    tenant: str
    kind: str
    request: Mapping[str, Any]
    timeout: Millis
    idempotency_key: str | None
    request_hash: str
    webhook: Webhook | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateJob:
    """`send_early` is for creators whose callers wait for the job."""

    repository: JobRepository
    clock: Clock
    retention: Millis
    shards: int = 1
    send_early: SendEarly | None = None

    def __call__(self, new: NewJob) -> Job:
        """Return the job, or the first one with the same key, in its current state.

        Raises `IdempotencyConflictError`.
        """
        now = self.clock()
        job = Job(
            id=new_job_id(now, shards=self.shards),
            tenant=new.tenant,
            kind=new.kind,
            request=new.request,
            created_at=now,
            changed_at=now,
            deadline=now + new.timeout,
            retention=self.retention,
            webhook=new.webhook,
            key_id=new.key_id,
        )
        return add_once(
            self.repository,
            job,
            key=new.idempotency_key,
            request_hash=new.request_hash,
            send_early=self.send_early,
        )


def add_once(
    repository: JobRepository,
    job: Job,
    *,
    key: str | None,
    request_hash: str,
    send_early: SendEarly | None = None,
) -> Job:
    """Store a new job; return it, or the first one with the same key, in its current state.

    Only a new job is sent. Raises `IdempotencyConflictError`.
    """
    now = job.created_at
    claim = key and IdempotencyKey(
        value=key, request_hash=request_hash, expires_at=now + IDEMPOTENCY_KEY_TTL_MS
    )
    ref = repository.add(job, claim or None)
    if ref != job.ref:
        return repository.get(ref).as_of(now)
    if send_early:
        send_early(ref)
    return job
