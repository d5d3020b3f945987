"""Delay a response until the job has ended (RFC 7240, `Prefer: wait`)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jobs.core.change_job import change_job
from jobs.core.job import Job
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError

_MIN_PAUSE_MS: Final[Millis] = 100
_MAX_PAUSE_MS: Final[Millis] = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForJob:
    repository: JobRepository
    clock: Clock
    sleep: Callable[[float], None]

    def __call__(self, job: Job, *, timeout: Millis) -> Job | None:
        """Return the ended job, or None if it has not ended in time. Polls its header only.

        Returns None if the table is unavailable, as the job has been created all the same.
        """
        try:
            return self._ended(job, timeout)
        except UnavailableError:
            return None

    def _ended(self, job: Job, timeout: Millis) -> Job | None:
        until = self.clock() + timeout
        pause = _MIN_PAUSE_MS
        while (now := self.clock()) < min(until, job.deadline):
            if self.repository.status_of(job.ref).is_terminal:
                return self.repository.get(job.ref)
            self.sleep(min(pause, until - now, job.deadline - now) / 1000)
            pause = min(pause * 3 // 2, _MAX_PAUSE_MS)
        ended = change_job(self.repository, job.ref, lambda stored: stored.as_of(self.clock()))
        return ended if ended.status.is_terminal else None
