"""Dispatch a new job: start its timer first, so that a job whose message is lost times out."""

from collections.abc import Callable
from dataclasses import dataclass

from jobs.core.job import JobRef
from jobs.core.ports import JobRepository, Timers
from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchJob:
    repository: JobRepository
    timers: Timers
    send: Callable[[JobRef], None]
    """Queues a new job, at least once: later, if its creator has queued it already."""

    def __call__(self, ref: JobRef, *, check_at: Millis) -> None:
        """Idempotent: the timer starts once, and a worker ignores a second message.

        `check_at`: the job's deadline, or an earlier time at which the timer is to find it.

        A job that a worker has claimed needs no message: its creator has sent it, and if the worker
        dies, that message comes again.
        """
        self.timers.time_out(ref, at=check_at)
        if not self.repository.is_claimed(ref):
            self.send(ref)
