"""After a job on a branch: the next one's turn."""

from dataclasses import dataclass

from jobs.docs_ports import Branches
from jobs.domain.docs import branch_of
from jobs.domain.job import Job
from jobs.ports import JobQueue


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
