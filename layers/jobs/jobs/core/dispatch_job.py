"""Set a new job going: its deadline first, for a lost message must still time out."""

from dataclasses import dataclass

from jobs.core.job import JobRef
from jobs.core.ports import JobQueue, Timers
from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchJob:
    timers: Timers
    queue: JobQueue

    def __call__(self, ref: JobRef, *, deadline: Millis) -> None:
        """Harmless when repeated: the timer starts once, a second message finds the job taken."""
        self.timers.time_out(ref, at=deadline)
        self.queue.send(ref)
