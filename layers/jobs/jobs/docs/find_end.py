"""Find out whether a docs job has ended, for its streams."""

from dataclasses import dataclass
from typing import Final

from jobs.core.job import Job, JobRef
from jobs.core.output_log import CLOSING_ATTEMPT, ItemTakenError, OutputLog
from jobs.core.status import JobStatus
from jobs.core.tail import COMPLETED, LOST_MESSAGE
from jobs.docs.docs_job import failure_text, todos_of
from jobs.docs.output import todos_event
from jobs.docs.ports import DocsJobs
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.kit.output.events import OutputEvent, OutputItem

ABANDONED_AFTER_MS: Final[Millis] = 90_000
"""After the lease has expired. By then SQS has sent the job to other workers, more than once."""

WORKERS_TIME_MS: Final[Millis] = 5000
"""What a worker has, after it has saved its job's end, to write that of the output."""

CHECK_INTERVAL_S: Final = 1.0
_ENDED_BY_OTHERS: Final = frozenset({JobStatus.CANCELLED, JobStatus.TIMED_OUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class FindEnd:
    """Reads headers only, as a stream asks every second.

    A reader writes the end of a job's output if no worker does: then all readers see the same, and
    a worker that still runs the job stops at its next output.
    """

    log: OutputLog
    jobs: DocsJobs
    clock: Clock

    def __call__(self, ref: JobRef) -> str | None:
        """Return why the job has ended, `COMPLETED` if its output tells it, or None."""
        now = self.clock()
        try:
            found = self.jobs.headers([ref])
            if not found:
                return LOST_MESSAGE
            [job] = (each.as_of(now) for each in found)
            if job.status in _ENDED_BY_OTHERS:
                return COMPLETED if self._complete(job) else None
        except UnavailableError:
            return None
        if job.status.is_terminal:
            is_over = now >= (job.ended_at or 0) + WORKERS_TIME_MS
            return (failure_text(job) or LOST_MESSAGE) if is_over else None
        abandoned = job.status is JobStatus.RUNNING and now >= job.lease_until + ABANDONED_AFTER_MS
        return LOST_MESSAGE if abandoned else None

    def _complete(self, job: Job) -> bool:
        """Return whether the job's output has an end now."""
        number = 1
        while items := self.log.read(job.ref, since=number):
            if items[-1].end:
                return True
            number = items[-1].number + 1
        todos, tokens = todos_of(job), {"in": job.tokens.read, "out": job.tokens.written}
        events: list[OutputEvent] = [
            *([{"t": "start", "id": job.id}] if number == 1 else []),
            *([todos_event(todos)] if todos else []),
            {"t": "error", "error": failure_text(job)},
            {"t": "finish", "reason": "error", **tokens},
        ]
        item = OutputItem(number=number, events=events, end=True, attempt=CLOSING_ATTEMPT)
        try:
            self.log.append(job.ref, item, expires_at=job.gone_at)
        except ItemTakenError:  # by a worker that was late: the next check comes after it
            return False
        return True
