"""Create a docs job with one conditional write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobs.core.create_job import add_once
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.ports import JobRepository
from jobs.core.webhook import Webhook
from jobs.docs.docs_job import JOB_TIMEOUT_MS, KIND, DocsJob
from jobs.docs.errors import BranchRefusedError
from jobs.docs.limit_requests import LimitDocsRequests
from jobs.docs.ports import ProjectRegistry
from jobs.kit.clock import Clock, Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocsJob:
    """A validated create request. The default branch name derives from the job's id.

    `api` is the API version of the request: 1 or 2.
    """

    tenant: str
    project: str
    messages: Sequence[Mapping[str, str]]
    model: str
    api: int
    idempotency_key: str | None
    request_hash: str
    branch: str | None = None
    draft: bool = False
    webhook: Webhook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDocsJob:
    repository: JobRepository
    projects: ProjectRegistry
    limit: LimitDocsRequests
    clock: Clock
    retention: Millis

    def __call__(self, new: NewDocsJob) -> Job:
        """Return the new job, or the current state of the job with the same idempotency key.

        Raises `ProjectNotFoundError`, `BranchRefusedError`, `RateLimitedError`,
        `IdempotencyConflictError`. Rejected requests do not count towards the rate limit.
        """
        project = self.projects.project(new.tenant, new.project)
        if new.branch and not project.allows_branch(new.branch):
            raise BranchRefusedError(new.branch)
        self.limit(project, new.idempotency_key)
        now = self.clock()
        job_id = new_job_id(now)
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
            details=DocsJob(
                project=project.id,
                branch=new.branch or f"docs-agent/{job_id[-12:]}",
                model=new.model,
                repository=project.repository,
                draft=new.draft,
            ),
        )
        return add_once(
            self.repository, job, key=new.idempotency_key, request_hash=new.request_hash
        )
