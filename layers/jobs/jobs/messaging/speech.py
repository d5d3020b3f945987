"""Write what an agent says to the output log, while it says it."""

from contextlib import ExitStack, suppress
from threading import Lock
from typing import Final

from jobs.core.errors import StaleJobError
from jobs.core.job import Job
from jobs.core.output_log import OutputLog, next_number
from jobs.core.write_output import OutputWriter
from jobs.kit.errors import RefusedError, UnavailableError, UpstreamError
from jobs.messaging.output import beginning, ending, pieces

SLOW_INTERVAL_S: Final = 0.5
_UNWRITTEN: Final = (UnavailableError, RefusedError, UpstreamError, StaleJobError)


class Speech:
    """What an agent says in one attempt. Before its first piece, it costs nothing.

    If the log cannot be written, the rest is not: readers get it from the stored answer.
    """

    def __init__(self, log: OutputLog, job: Job) -> None:
        self._log = log
        self._job = job
        self._lock = Lock()
        self._writer: OutputWriter | None = None
        self._said: list[str] = []
        self._stack = ExitStack()
        self._is_mute = self._is_over = False

    def say(self, text: str) -> None:
        """Add a piece. Raises `StaleJobError` if the attempt has lost its job, or is over."""
        with self._lock:
            if self._is_over:  # its worker has given it up, and it runs on
                raise StaleJobError(self._job.id)
            if text and not self._is_mute:
                self._write(text)

    def flush(self) -> None:
        """Write what has been said, before the job's end is saved."""
        with self._lock:
            try:
                if self._writer:
                    self._writer.flush()
            except _UNWRITTEN:  # whether the job is lost, its save will tell
                self._is_mute = True

    def finish(self, job: Job) -> None:
        """Write the end, after that of the job, unless the agent has said nothing."""
        with self._lock:
            if self._writer and not self._is_mute:
                self._writer.end(*ending(job, "".join(self._said)))

    def close(self) -> None:
        with self._lock:
            self._is_over = True
            with suppress(*_UNWRITTEN):
                self._stack.close()

    def _write(self, text: str) -> None:
        try:
            writer = self._writer or self._open()
            for piece in pieces(text):
                writer(piece)
        except (UnavailableError, RefusedError, UpstreamError):
            self._is_mute = True
        else:
            self._said.append(text)

    def _open(self) -> OutputWriter:
        job = self._job
        number = next_number(self._log, job.ref) if job.attempt > 1 else 1
        writer = OutputWriter(self._log, job, number=number, slow_interval=SLOW_INTERVAL_S)
        self._writer = self._stack.enter_context(writer)
        for event in beginning(job, again=number > 1):
            writer(event)
        return writer
