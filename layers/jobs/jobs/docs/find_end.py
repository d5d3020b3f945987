"""Find out whether a docs job has ended, for its streams."""

from dataclasses import dataclass
from typing import Final

from jobs.core.errors import JobNotFoundError
from jobs.core.job import JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.core.tail import LOST_MESSAGE
from jobs.docs.docs_job import failure_text
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError

ABANDONED_AFTER_MS: Final[Millis] = 90_000
"""After the lease has expired. By then SQS has sent the job to other workers, more than once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindEnd:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef) -> str | None:
        """Return why the job has ended, or None if it has not."""
        now = self.clock()
        try:
            job = self.repository.get(ref).as_of(now)
        except JobNotFoundError:
            return LOST_MESSAGE
        except UnavailableError:
            return None
        abandoned = job.status is JobStatus.RUNNING and now >= job.lease_until + ABANDONED_AFTER_MS
        ended = job.status.is_terminal or abandoned
        return (failure_text(job) or LOST_MESSAGE) if ended else None
