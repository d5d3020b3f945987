"""Read docs jobs as conversations: each root job with its last follow-up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jobs.core.errors import JobNotFoundError
from jobs.core.get_job import GetJob
from jobs.core.job import Job, JobRef
from jobs.docs.docs_job import KIND, Conversation, docs_job_of
from jobs.docs.ports import DocsJobs, ProjectRegistry
from jobs.kit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDocsJob:
    projects: ProjectRegistry
    get_job: GetJob

    def __call__(self, tenant: str, project_id: str, job_id: str) -> Conversation:
        """Return a root job's conversation. Raises `ProjectNotFoundError`, `JobNotFoundError`."""
        self.projects.project(tenant, project_id)
        root = self.get_job(JobRef(tenant=tenant, kind=KIND, id=job_id))
        docs_job = docs_job_of(root)
        if docs_job.project != project_id or docs_job.root is not None:
            raise JobNotFoundError(job_id)
        return self.conversation(root)

    def conversation(self, root: Job) -> Conversation:
        """Return the current conversation of a root job."""
        docs_job = docs_job_of(root)
        return Conversation(
            project=self.projects.project(root.tenant, docs_job.project),
            root=root,
            latest=self.get_job(replace(root.ref, id=docs_job.latest)) if docs_job.latest else root,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDocsJobs:
    projects: ProjectRegistry
    jobs: DocsJobs
    clock: Clock

    def __call__(
        self, tenant: str, project_id: str, *, skip: int, take: int
    ) -> Sequence[Conversation]:
        """Return a project's conversations, newest first. Raises `ProjectNotFoundError`."""
        project = self.projects.project(tenant, project_id)
        refs = self.jobs.list_by_project(tenant, project_id, skip=skip, take=take)
        now = self.clock()
        roots = {job.id: job.as_of(now) for job in self.jobs.headers(refs)}
        last = [replace(r.ref, id=id_) for r in roots.values() if (id_ := docs_job_of(r).latest)]
        latest = {docs_job_of(job).root: job.as_of(now) for job in self.jobs.headers(last)}
        return [
            Conversation(project=project, root=root, latest=latest.get(root.id, root))
            for ref in refs
            if (root := roots.get(ref.id))
        ]
