"""Release the branch of a job that has ended, and dispatch the next job on it."""

from dataclasses import dataclass

from jobs.core.job import Job
from jobs.core.ports import JobQueue
from jobs.docs.docs_job import branch_key
from jobs.docs.ports import Branches


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBranch:
    branches: Branches
    queue: JobQueue

    def __call__(self, job: Job) -> None:
        """Idempotent. Without effect on a branch that another job holds."""
        branch = branch_key(job)
        self.branches.release(job.tenant, branch, job.id)
        following = self.branches.next(job.tenant, branch)
        if following is not None:
            self.queue.send(following)
