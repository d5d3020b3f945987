"""Dispatch a new job: start its timer first, so that a job whose message is lost times out."""

from dataclasses import dataclass

from jobs.core.job import JobRef
from jobs.core.ports import JobQueue, Timers
from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchJob:
    timers: Timers
    queue: JobQueue

    def __call__(self, ref: JobRef, *, deadline: Millis) -> None:
        """Idempotent: the timer starts once, and a worker ignores a second message."""
        self.timers.time_out(ref, at=deadline)
        self.queue.send(ref)
