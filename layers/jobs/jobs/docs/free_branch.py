"""After a job on a branch: the next one's turn."""

from dataclasses import dataclass

from jobs.core.job import Job
from jobs.core.ports import JobQueue
from jobs.docs.docs_job import branch_of
from jobs.docs.ports import Branches


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBranch:
    branches: Branches
    queue: JobQueue

    def __call__(self, job: Job) -> None:
        """Harmless when repeated, and for a job that does not have the branch."""
        branch = branch_of(job)
        self.branches.release(job.tenant, branch, job.id)
        following = self.branches.next(job.tenant, branch)
        if following is not None:
            self.queue.send(following)
