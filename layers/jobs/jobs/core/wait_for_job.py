"""Hold an answer until the job has ended (RFC 7240, `Prefer: wait`)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jobs.core.change_job import change_job
from jobs.core.job import Job
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError

_FIRST_PAUSE: Final[Millis] = 100
_LONGEST_PAUSE: Final[Millis] = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForJob:
    repository: JobRepository
    clock: Clock
    sleep: Callable[[float], None]

    def __call__(self, job: Job, *, at_most: Millis) -> Job | None:
        """Return the ended job, or None if it goes on for longer. Looks at its header only.

        Also None if looking is not possible: the job exists, whatever becomes of the waiting.
        """
        try:
            return self._ended(job, at_most)
        except UnavailableError:
            return None

    def _ended(self, job: Job, at_most: Millis) -> Job | None:
        until = self.clock() + at_most
        pause = _FIRST_PAUSE
        while (now := self.clock()) < min(until, job.deadline):
            if self.repository.status_of(job.ref).is_terminal:
                return self.repository.get(job.ref)
            self.sleep(min(pause, until - now, job.deadline - now) / 1000)
            pause = min(pause * 3 // 2, _LONGEST_PAUSE)
        ended = change_job(self.repository, job.ref, lambda stored: stored.as_of(self.clock()))
        return ended if ended.status.is_terminal else None
