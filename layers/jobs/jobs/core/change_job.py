"""Read, change and write a job; repeat if another writer was faster."""

from collections.abc import Callable
from typing import Final

from jobs.core.errors import StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.retry import retry_on_conflict

_MAX_ATTEMPTS: Final = 5


def change_job(repository: JobRepository, ref: JobRef, step: Callable[[Job], Job]) -> Job:
    """Store the job that `step` returns, and return it.

    `step` receives the job as stored, again after each conflict, and refuses by raising.
    A step that returns the same job writes nothing. Raises `JobNotFoundError`, `StaleJobError`.
    """

    def change() -> Job:
        job = repository.get(ref)
        changed = step(job)
        if changed is not job:
            repository.save(changed, replacing=job)
        return changed

    return retry_on_conflict(change, StaleJobError, max_attempts=_MAX_ATTEMPTS)
