"""Delay a response until the job has ended (RFC 7240, `Prefer: wait`)."""

from dataclasses import dataclass
from typing import Final

from jobs.core.change_job import change_job
from jobs.core.job import Job
from jobs.core.ports import JobRepository, Pause
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError

_MIN_PAUSE_MS: Final[Millis] = 100
_MAX_PAUSE_MS: Final[Millis] = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForJob:
    repository: JobRepository
    clock: Clock
    pause: Pause

    def __call__(self, job: Job, *, timeout: Millis) -> Job:
        """Return the ended job, or its current state if it has not ended in time.

        Polls its header only. Returns `job` itself if the table is unavailable, as the job has been
        created all the same.
        """
        try:
            return self._wait(job, timeout)
        except UnavailableError:
            return job

    def _wait(self, job: Job, timeout: Millis) -> Job:
        until = self.clock() + timeout
        longest = _MIN_PAUSE_MS
        while (now := self.clock()) < min(until, job.deadline):
            if self.repository.status_of(job.ref).is_terminal:
                return self.repository.get(job.ref)
            self.pause(job.ref, min(longest, until - now, job.deadline - now) / 1000)
            longest = min(longest * 3 // 2, _MAX_PAUSE_MS)
        return change_job(self.repository, job.ref, lambda stored: stored.as_of(self.clock()))
