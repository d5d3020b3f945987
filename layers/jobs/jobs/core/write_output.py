"""Write an agent's output to the log in batches, at short intervals."""

import json
import time
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Final, Self

from jobs.core.errors import StaleJobError
from jobs.core.job import Job
from jobs.core.output_log import ItemTakenError, OutputLog
from jobs.kit.errors import FailureClass, RefusedError, UpstreamError
from jobs.kit.output.events import RESTARTED, OutputEvent, OutputItem

FLUSH_INTERVAL_S: Final = 0.2
SLOWER_AFTER_S: Final = 5.0
_MAX_OUTPUT_LENGTH: Final = 4 * 2**20
_MAX_ITEM_LENGTH: Final = 60_000
_MAX_ITEM_EVENTS: Final = 200
_MAX_VALUE_LENGTH: Final = 20_000


class OutputWriter:
    """A context manager that buffers events and writes them in the background.

    `number` is the number of its first item. It joins consecutive text events. On exit it writes
    all remaining events. After `SLOWER_AFTER_S` it writes every `slow_interval` seconds.
    """

    def __init__(
        self,
        log: OutputLog,
        job: Job,
        *,
        number: int = 1,
        slow_interval: float = FLUSH_INTERVAL_S,
    ) -> None:
        self._log = log
        self._job = job
        self._number = number
        self._slow_interval = slow_interval
        self._slows_at = time.monotonic() + SLOWER_AFTER_S
        self._events: list[dict[str, Any]] = []
        self._total_size = self._waiting = 0
        self._changed = Condition()
        self._closed = False
        self._failure: Exception | None = None
        self._writer = Thread(target=self._write_in_background, daemon=True)

    def __enter__(self) -> Self:
        self._writer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._writer.join()
        if self._failure is not None and error is None:
            raise self._failure

    def __call__(self, event: OutputEvent) -> None:
        """Buffer an event.

        Raises errors of earlier writes, `UpstreamError` over the limit, and `StaleJobError` after a
        later attempt has begun to write.
        """
        with self._changed:
            if self._failure is not None:
                raise self._failure
            event = _truncate_values(event)
            size = len(json.dumps(event))
            self._total_size += size
            if self._total_size > _MAX_OUTPUT_LENGTH:
                raise UpstreamError("The agent's output is too large", FailureClass.QUOTA)
            self._waiting += size
            last = self._events[-1] if self._events else {}
            if event["t"] == last.get("t") == "text":
                last["text"] += event["text"]
            else:
                self._events.append(dict(event))
            self._changed.notify()

    def flush(self) -> None:
        """Write all buffered events. Raises the error of a failed write."""
        with self._changed:
            self._write()
            if self._failure is not None:
                raise self._failure

    def end(self, *events: OutputEvent) -> None:
        """Write the last events and mark the end of the output. Leave out refused events."""
        with self._changed:
            if isinstance(self._failure, RefusedError):
                self._failure, self._events = None, []
            self._events += map(dict, events)
            self._write(end=True)

    def _write_in_background(self) -> None:
        with self._changed:
            while not self._closed and self._failure is None:
                self._changed.wait_for(lambda: self._events or self._closed)
                if not self._is_full():
                    self._changed.wait_for(
                        lambda: self._is_full() or self._closed, self._interval()
                    )
                self._write()

    def _interval(self) -> float:
        is_slow = time.monotonic() >= self._slows_at
        return self._slow_interval if is_slow else FLUSH_INTERVAL_S

    def _is_full(self) -> bool:
        return self._waiting >= _MAX_ITEM_LENGTH or len(self._events) >= _MAX_ITEM_EVENTS

    def _write(self, *, end: bool = False) -> None:
        if not self._events and not end:
            return
        try:
            self._append(end=end)
        except Exception as error:  # noqa: BLE001 - the next call raises it
            self._failure = error
            return
        self._events, self._waiting = [], 0

    def _append(self, *, end: bool) -> None:
        """Append an item, after those that an earlier attempt has written late."""
        job, appended = self._job, False
        while not appended:
            item = OutputItem(
                number=self._number, events=self._events, end=end, attempt=job.attempt
            )
            try:
                self._log.append(job.ref, item, expires_at=job.gone_at)
                appended = True
            except ItemTakenError as error:
                if error.by > job.attempt:
                    raise StaleJobError(job.id) from error
                if self._events and self._events[0]["t"] == "start":  # that attempt has begun it
                    self._events[0] = dict(RESTARTED)
            self._number += 1


def _truncate_values(event: OutputEvent) -> OutputEvent:
    """Truncate large values, such as the files in tool arguments and results."""
    return {
        name: value
        if len(text := json.dumps(value)) <= _MAX_VALUE_LENGTH
        else _truncate(value, text)
        for name, value in event.items()
    }


def _truncate(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return f"{value[:_MAX_VALUE_LENGTH]}…"
    return {"beginning": f"{text[:_MAX_VALUE_LENGTH]}…"}
