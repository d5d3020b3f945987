"""Stream a job's output while the agent writes it.

A stream reads the log every `Pace.poll` seconds, or `Pace.idle_poll` after an empty read; sooner if
the log can tell that there is more.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool

from jobs.core.job import JobRef
from jobs.core.output_log import OutputLog
from jobs.core.pace import DEFAULT, Pace
from jobs.kit.errors import UnavailableError
from jobs.kit.output.events import OutputItem
from jobs.kit.output.playback import Playback

LOST_MESSAGE: Final = "The job ended before the agent did"
COMPLETED: Final = ""

type FindEnd = Callable[[JobRef], str | None]
"""Return why the job has ended without an end of its output, or None if it has not.

`COMPLETED` says that the output has an end now.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """`find_end` looks at the job, as its worker may end without an end of the output."""

    log: OutputLog
    find_end: FindEnd
    pace: Pace = DEFAULT

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
        began = last_sent = last_checked = time.monotonic()
        had_ended = False
        yield first or playback.heartbeat  # sends the first byte without delay
        with self.log.news(ref) as pause:
            while not playback.ended and time.monotonic() < began + self.pace.max_duration:
                items = await run_in_threadpool(self._read_items, ref, playback.next_item)
                now = time.monotonic()
                if chunk := b"".join(playback.play(items)):
                    last_sent, had_ended = now, False
                    yield chunk
                elif now >= last_sent + self.pace.heartbeat:
                    last_sent = now
                    yield playback.heartbeat
                if now >= last_checked + self.pace.check:
                    last_checked = now
                    reason = await run_in_threadpool(self.find_end, ref)
                    if reason == COMPLETED:
                        continue
                    # Twice, without output in between: workers save the job before its output.
                    if reason and had_ended:
                        yield b"".join(playback.end_with_error(reason))
                        return
                    had_ended = reason is not None
                await pause(self.pace.poll if items else self.pace.idle_poll)

    def _read_items(self, ref: JobRef, since: int) -> Sequence[OutputItem]:
        try:
            return self.log.read(ref, since=since)
        except UnavailableError:  # the next poll retries
            return ()
