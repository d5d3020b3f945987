"""Read, change, write: again if somebody else was quicker."""

from collections.abc import Callable
from typing import Final

from jobs.core.errors import StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository

_ATTEMPTS: Final = 5


def change_job(repository: JobRepository, ref: JobRef, step: Callable[[Job], Job]) -> Job:
    """Store what `step` makes of the job and return it.

    `step` sees the job anew after each lost race, and refuses by raising. A
    step that returns the job as it is writes nothing.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _change(repository, ref, step)
        except StaleJobError:
            continue
    return _change(repository, ref, step)


def _change(repository: JobRepository, ref: JobRef, step: Callable[[Job], Job]) -> Job:
    job = repository.get(ref)
    changed = step(job)
    if changed is not job:
        repository.save(changed, replacing=job)
    return changed
