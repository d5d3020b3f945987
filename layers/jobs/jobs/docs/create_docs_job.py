"""Create a docs job with one conditional write."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from jobs.core.create_job import add_once
from jobs.core.errors import JobNotFoundError
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.ports import JobRepository
from jobs.core.send_early import SendEarly
from jobs.core.webhook import Webhook
from jobs.docs.docs_job import JOB_TIMEOUT_MS, KIND, DocsJob, Project, docs_job_of
from jobs.docs.errors import BranchRefusedError
from jobs.docs.limit_requests import LimitDocsRequests
from jobs.docs.ports import Chats, ProjectRegistry
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocsJob:
    """A validated create request. The default branch is that of the chat's latest job, if there
    is one. Otherwise its name derives from the job's id.

    `api` is the API version of the request: 1 or 2. `chat` is a chat's id, of the client's choice.
    """

    tenant: str
    project: str
    messages: Sequence[Mapping[str, str]]
    model: str
    api: int
    idempotency_key: str | None
    request_hash: str
    branch: str | None = None
    chat: str | None = None
    draft: bool = False
    webhook: Webhook | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDocsJob:
    repository: JobRepository
    projects: ProjectRegistry
    chats: Chats
    limit: LimitDocsRequests
    clock: Clock
    retention: Millis
    shards: int = 1
    send_early: SendEarly | None = None

    def __call__(self, new: NewDocsJob) -> Job:
        """Return the new job, or the current state of the job with the same idempotency key.

        Raises `ProjectNotFoundError`, `BranchRefusedError`, `RateLimitedError`,
        `IdempotencyConflictError`. Rejected requests do not count towards the rate limit.
        """
        project = self.projects.project(new.tenant, new.project)
        if new.branch and not project.allows_branch(new.branch):
            raise BranchRefusedError(new.branch)
        self.limit(project, new.idempotency_key)
        branch = new.branch or self._branch_of_chat(new, project)
        now = self.clock()
        job_id = new_job_id(now, shards=self.shards)
        job = Job(
            id=job_id,
            tenant=new.tenant,
            kind=KIND,
            request={"messages": [*new.messages], "v": new.api},
            created_at=now,
            changed_at=now,
            deadline=now + JOB_TIMEOUT_MS,
            retention=self.retention,
            webhook=new.webhook,
            key_id=new.key_id,
            details=DocsJob(
                project=project.id,
                branch=branch or f"docs-agent/{job_id[-12:]}",
                model=new.model,
                repository=project.repository,
                draft=new.draft,
            ),
        )
        job = add_once(
            self.repository,
            job,
            key=new.idempotency_key,
            request_hash=new.request_hash,
            send_early=self.send_early,
        )
        if new.chat:
            with suppress(UnavailableError):  # the job runs; only its stream cannot be resumed
                self.chats.put(new.chat, job)
        return job

    def _branch_of_chat(self, new: NewDocsJob, project: Project) -> str | None:
        latest = self.chats.latest(new.tenant, project.id, new.chat) if new.chat else None
        if latest is None:
            return None
        try:
            branch = docs_job_of(self.repository.get(latest)).branch
        except JobNotFoundError:
            return None
        return branch if project.allows_branch(branch) else None
