"""Stream a job's output while the agent writes it.

The stream polls DynamoDB every `Pace.poll` seconds, or `Pace.idle_poll` after an empty poll.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool

from jobs.core.errors import JobNotFoundError
from jobs.core.job import JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.docs.api.playback import Playback
from jobs.docs.docs_job import failure_text
from jobs.docs.ports import OutputItem, OutputLog
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError

ABANDONED_AFTER_MS: Final[Millis] = 90_000
"""After the lease has expired. By then SQS has sent the job to other workers, more than once."""

LOST_MESSAGE: Final = "The job ended before the agent did"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Intervals in seconds. `heartbeat` applies while there is no output.

    After `max_duration` the stream ends; the client can resume it. It must be shorter than the
    function's timeout.
    """

    poll: float = 0.1
    idle_poll: float = 0.15
    heartbeat: float = 5.0
    max_duration: float = 870.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    log: OutputLog
    repository: JobRepository
    clock: Clock
    pace: Pace = Pace()

    async def __call__(self, ref: JobRef, playback: Playback) -> AsyncIterator[bytes]:
        """Return a stream of the output, until its end, the job's end or `max_duration`.

        Raises `BadRequestError` if the stream has no such start position, and `UnavailableError`.
        The returned iterator does not raise.
        """
        items = await run_in_threadpool(self.log.read, ref, since=playback.next_item)
        first = b"".join(playback.play(items))
        playback.check()
        return self._follow(ref, playback, first)

    async def _follow(self, ref: JobRef, playback: Playback, first: bytes) -> AsyncIterator[bytes]:
        began = last_sent = time.monotonic()
        had_ended = False
        yield first or playback.heartbeat  # sends the first byte without delay
        while not playback.ended and time.monotonic() < began + self.pace.max_duration:
            items = await run_in_threadpool(self._read_items, ref, playback.next_item)
            if chunk := b"".join(playback.play(items)):
                last_sent = time.monotonic()
                yield chunk
            elif time.monotonic() >= last_sent + self.pace.heartbeat:
                last_sent = time.monotonic()
                yield playback.heartbeat
                reason = await run_in_threadpool(self._find_end, ref)
                if reason and had_ended:  # checks twice: the worker saves the job before its output
                    yield b"".join(playback.end_with_error(reason))
                    return
                had_ended = reason is not None
            await asyncio.sleep(self.pace.poll if items else self.pace.idle_poll)

    def _read_items(self, ref: JobRef, since: int) -> Sequence[OutputItem]:
        try:
            return self.log.read(ref, since=since)
        except UnavailableError:  # the next poll retries
            return ()

    def _find_end(self, ref: JobRef) -> str | None:
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
