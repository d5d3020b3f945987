"""The kind of docs jobs, for the shared workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jobs.core.status import JobStatus
from jobs.docs.docs_job import JOB_PATH, DocsJob
from jobs.docs.errors import BranchRefusedError, ProjectNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.core.job import Job, JobRef
    from jobs.docs.wiring import DocsWiring


class DocsKind:
    refusals: Final[Mapping[type[Exception], tuple[str, str]]] = {
        BranchRefusedError: ("BRANCH_REFUSED", ""),
        ProjectNotFoundError: ("PROJECT_NOT_FOUND", "Project not found"),
    }

    def __init__(self, wiring: DocsWiring) -> None:
        self._wiring = wiring

    def link(self, ref: JobRef, details: object | None) -> str:
        """Return the path of the job. A follow-up has the path of its root."""
        if not isinstance(details, DocsJob):
            raise TypeError(f"job {ref.id} is not a docs job")
        return JOB_PATH.format(project=details.project, id=details.root or ref.id)

    def follow(self, job: Job) -> bool:
        if job.status is JobStatus.PENDING:
            self._wiring.dispatch_docs_job(job.ref, check_at=job.deadline)
        elif job.status is JobStatus.QUEUED:
            # Once more, now that the queue of its branch shows it: the branch may have been
            # released just before, by a job that did not see this one.
            self._wiring.docs_queue.send(job.ref)
        elif job.status.is_terminal:
            self._wiring.free_branch(job)
        else:
            return False
        return True

    def survives_dead_letter(self, job: Job) -> bool:
        return False

    def create(self, request: Mapping[str, Any], *, tenant: str, key: str) -> Job:
        from jobs.docs.api import requests

        new = requests.parse_event(
            request, tenant=tenant, key=key, loopback=self._wiring.core.webhooks_to_loopback
        )
        return self._wiring.create_docs_job(new)
