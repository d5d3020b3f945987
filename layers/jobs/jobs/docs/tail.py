"""Follow a job's output while it is made.

Items are asked for again and again, as DynamoDB does not call: what the agent said is seen within
`Pace.poll` seconds, or `Pace.slowly` once it has said nothing for a while.
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
from jobs.docs.ports import OutputItem, OutputLog
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError

ABANDONED: Final[Millis] = 90_000
"""So long after a worker's lease another should have taken over, and more than once."""

LOST: Final = "The job ended before the agent did"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. After `heartbeat` without output the client is sent one, and the job looked at.

    `longest`: what still runs then is left, to be taken up again by another request. It is less
    than the function's time.
    """

    poll: float = 0.1
    slowly: float = 0.15
    heartbeat: float = 5.0
    longest: float = 870.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    log: OutputLog
    repository: JobRepository
    clock: Clock
    pace: Pace = Pace()

    async def __call__(self, ref: JobRef, playback: Playback) -> AsyncIterator[bytes]:
        """Return what there is and will be, until the end of it, of the job, or of our time.

        Raises `BadRequestError` if the place to begin at is no place, and `UnavailableError`; what
        is returned raises nothing.
        """
        items = await run_in_threadpool(self.log.read, ref, since=playback.wanted)
        first = b"".join(playback.play(items))
        playback.check()
        return self._follow(ref, playback, first)

    async def _follow(self, ref: JobRef, playback: Playback, first: bytes) -> AsyncIterator[bytes]:
        began = heard = time.monotonic()
        was_over = False
        yield first or playback.heartbeat  # so that there is a first byte at once
        while not playback.ended and time.monotonic() < began + self.pace.longest:
            items = await run_in_threadpool(self._news, ref, playback.wanted)
            if news := b"".join(playback.play(items)):
                heard = time.monotonic()
                yield news
            elif time.monotonic() >= heard + self.pace.heartbeat:
                heard = time.monotonic()
                yield playback.heartbeat
                is_over = await run_in_threadpool(self._is_over, ref)
                if is_over and was_over:  # its last words may come a moment later than its end
                    yield b"".join(playback.give_up(LOST))
                    return
                was_over = is_over
            await asyncio.sleep(self.pace.poll if items else self.pace.slowly)

    def _news(self, ref: JobRef, since: int) -> Sequence[OutputItem]:
        try:
            return self.log.read(ref, since=since)
        except UnavailableError:  # the client need not notice: the next attempt is near
            return ()

    def _is_over(self, ref: JobRef) -> bool:
        now = self.clock()
        try:
            job = self.repository.get(ref).as_of(now)
        except JobNotFoundError:
            return True
        except UnavailableError:
            return False
        abandoned = job.status is JobStatus.RUNNING and now >= job.lease_until + ABANDONED
        return job.status.is_terminal or abandoned
