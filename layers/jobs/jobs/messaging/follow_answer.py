"""Stream what an agent says: from the output log, whose end this makes if no worker does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool

from jobs.core.errors import JobNotFoundError
from jobs.core.get_job import GetJob
from jobs.core.job import Job, JobRef
from jobs.core.output_log import CLOSING_ATTEMPT, ItemTakenError, OutputLog
from jobs.core.pace import Pace
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.core.tail import COMPLETED, LOST_MESSAGE, Tail
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.kit.output.events import OutputItem
from jobs.kit.output.playback import Playback
from jobs.messaging.message import task_of
from jobs.messaging.output import beginning, ending, said_in

PACE: Final = Pace(check=0.5)
WORKERS_TIME_MS: Final[Millis] = 1000
"""What a worker has, after it has saved its job's end, to write that of the output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowAnswer:
    """A reader completes the log of an ended job: with the whole answer of an agent that does not
    stream, or with the error of one that was cancelled, for example. So all readers see the same.
    """

    log: OutputLog
    repository: JobRepository
    get_job: GetJob
    clock: Clock
    pace: Pace = PACE

    async def __call__(self, job: Job, playback: Playback) -> AsyncIterator[bytes]:
        """Return the stream of the job's answer, from the playback's position.

        Raises `BadRequestError` if the stream has no such position, and `UnavailableError`.
        """
        find_end = partial(self._find_end, job.deadline)
        if job.status.is_terminal:
            await run_in_threadpool(find_end, job.ref)
        tail = Tail(log=self.log, find_end=find_end, pace=self.pace)
        return await tail(job.ref, playback)

    def _find_end(self, deadline: Millis, ref: JobRef) -> str | None:
        try:
            running = self.clock() < deadline and not self.repository.status_of(ref).is_terminal
            job = None if running else self.get_job(ref)
            return COMPLETED if job and self._complete(job) else None
        except JobNotFoundError:
            return LOST_MESSAGE
        except (UnavailableError, RefusedError):  # the next check tries again
            return None

    def _complete(self, job: Job) -> bool:
        """Return whether the output of an ended job is complete now."""
        if not job.status.is_terminal:
            return False
        written = self._read(job.ref)
        if written and written[-1].end:
            return True
        if written and self._may_be_written(job):
            return False
        events = [event for item in written for event in item.events]
        rest = [
            *([] if events else beginning(job, again=False)),
            *ending(job, said_in(events)),
        ]
        number = len(written) + 1
        item = OutputItem(number=number, events=rest, end=True, attempt=CLOSING_ATTEMPT)
        try:
            self.log.append(job.ref, item, expires_at=job.gone_at)
        except ItemTakenError:  # by a worker that was late
            return False
        return True

    def _may_be_written(self, job: Job) -> bool:
        """Programs that claim jobs over HTTP do not write the end of an output."""
        ended_by_worker = job.status in {JobStatus.SUCCEEDED, JobStatus.FAILED}
        return (
            ended_by_worker
            and task_of(job) is None
            and self.clock() < (job.ended_at or 0) + WORKERS_TIME_MS
        )

    def _read(self, ref: JobRef) -> list[OutputItem]:
        items: list[OutputItem] = []
        while page := self.log.read(ref, since=len(items) + 1):
            items += page
        return items
