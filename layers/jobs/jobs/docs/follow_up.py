"""Create a follow-up: a docs job on the branch of an earlier one, which runs after it."""

from dataclasses import dataclass, replace
from functools import partial

from jobs.core.create_job import IDEMPOTENCY_KEY_TTL_MS
from jobs.core.errors import StaleJobError
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.ports import IdempotencyKey
from jobs.core.send_early import SendEarly
from jobs.core.webhook import Webhook
from jobs.docs.docs_job import JOB_TIMEOUT_MS, KIND, Conversation, DocsJob, docs_job_of
from jobs.docs.limit_requests import LimitDocsRequests
from jobs.docs.ports import DocsJobs
from jobs.docs.read_docs_jobs import GetDocsJob
from jobs.kit.clock import Clock, Millis
from jobs.kit.retry import retry_on_conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A validated message. The default webhook is the root job's."""

    tenant: str
    project: str
    job: str
    prompt: str
    idempotency_key: str | None
    request_hash: str
    webhook: Webhook | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    jobs: DocsJobs
    get_docs_job: GetDocsJob
    limit: LimitDocsRequests
    send_early: SendEarly
    clock: Clock
    retention: Millis
    shards: int = 1

    def __call__(self, new: NewMessage) -> Conversation:
        """Queue a message behind all others of its conversation, and return the conversation.

        Raises `ProjectNotFoundError`, `JobNotFoundError`, `RateLimitedError`,
        `IdempotencyConflictError`. Rejected requests do not count towards the rate limit.
        """
        conversation = self.get_docs_job(new.tenant, new.project, new.job)
        self.limit(conversation.project, new.idempotency_key)
        return retry_on_conflict(partial(self._follow, new), StaleJobError)

    def _follow(self, new: NewMessage) -> Conversation:
        conversation = self.get_docs_job(new.tenant, new.project, new.job)
        job = self._job(new, conversation)
        ref = self.jobs.follow(job, after=docs_job_of(conversation.root).latest, key=_key(new, job))
        if ref != job.ref:
            return self.get_docs_job(new.tenant, new.project, new.job)
        if conversation.latest.status.is_terminal:  # the branch is free
            self.send_early(ref)
        return replace(conversation, latest=job)

    def _job(self, new: NewMessage, conversation: Conversation) -> Job:
        now, root = self.clock(), docs_job_of(conversation.root)
        return Job(
            id=new_job_id(now, shards=self.shards),
            tenant=new.tenant,
            kind=KIND,
            request={"messages": [{"role": "user", "content": new.prompt}], "v": 2},
            created_at=now,
            changed_at=now,
            deadline=now + JOB_TIMEOUT_MS,
            retention=self.retention,
            webhook=new.webhook or conversation.root.webhook,
            key_id=new.key_id,
            details=DocsJob(
                project=root.project,
                branch=root.branch,
                model=root.model,
                repository=root.repository,
                draft=root.draft,
                root=conversation.root.id,
                follows=conversation.latest.id,
            ),
        )


def _key(new: NewMessage, job: Job) -> IdempotencyKey | None:
    if new.idempotency_key is None:
        return None
    return IdempotencyKey(
        value=new.idempotency_key,
        request_hash=new.request_hash,
        expires_at=job.created_at + IDEMPOTENCY_KEY_TTL_MS,
    )
