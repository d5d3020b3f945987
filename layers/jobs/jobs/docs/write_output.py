"""Write down what an agent says while it works: often enough to be followed, not at every word."""

import json
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Final, Self

from jobs.core.job import Job
from jobs.docs.output import OutputEvent
from jobs.docs.ports import OutputItem, OutputLog
from jobs.kit.errors import UpstreamError

PAUSE_S: Final = 0.2
_MOST_CHARACTERS: Final = 4 * 2**20
_ITEM_CHARACTERS: Final = 60_000
_ITEM_EVENTS: Final = 200
_LONGEST_VALUE: Final = 20_000


class OutputWriter:
    """Used as a context: what was said is written by its end at the latest.

    The first item is numbered `number`. Neighbouring pieces of text become one.
    """

    def __init__(self, log: OutputLog, job: Job, *, number: int = 1) -> None:
        self._log = log
        self._job = job
        self._number = number
        self._events: list[dict[str, Any]] = []
        self._said = self._waiting = 0
        self._changed = Condition()
        self._over = False
        self._failure: Exception | None = None
        self._writer = Thread(target=self._write_along, daemon=True)

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
            self._over = True
            self._changed.notify()
        self._writer.join()
        if self._failure is not None and error is None:
            raise self._failure

    def __call__(self, event: OutputEvent) -> None:
        """Note an event. Raises what earlier writes raised, and `UpstreamError` at a limit."""
        with self._changed:
            if self._failure is not None:
                raise self._failure
            event = _shortened(event)
            size = len(json.dumps(event))
            self._said += size
            if self._said > _MOST_CHARACTERS:
                raise UpstreamError("The agent said more than can be kept")
            self._waiting += size
            last = self._events[-1] if self._events else {}
            if event["t"] == last.get("t") == "text":
                last["text"] += event["text"]
            else:
                self._events.append(dict(event))
            self._changed.notify()

    def flush(self) -> None:
        """Write what was said so far, or raise what keeps it from being written."""
        with self._changed:
            self._write()
            if self._failure is not None:
                raise self._failure

    def end(self, *events: OutputEvent) -> None:
        """Write these last events, and that nothing follows."""
        with self._changed:
            self._events += map(dict, events)
            self._write(end=True)

    def _write_along(self) -> None:
        with self._changed:
            while not self._over and self._failure is None:
                self._changed.wait_for(lambda: self._events or self._over)
                if not self._is_full():
                    self._changed.wait_for(lambda: self._is_full() or self._over, PAUSE_S)
                self._write()

    def _is_full(self) -> bool:
        return self._waiting >= _ITEM_CHARACTERS or len(self._events) >= _ITEM_EVENTS

    def _write(self, *, end: bool = False) -> None:
        if not self._events and not end:
            return
        item = OutputItem(number=self._number, events=self._events, end=end)
        try:
            self._log.append(self._job.ref, item, expires_at=self._job.gone_at)
        except Exception as error:  # noqa: BLE001 - raised where it can be dealt with
            self._failure = error
            return
        self._number += 1
        self._events, self._waiting = [], 0


def _shortened(event: OutputEvent) -> OutputEvent:
    """Show of a tool's arguments or result as much as fits: a whole file need not be followed."""
    return {
        name: value if len(text := json.dumps(value)) <= _LONGEST_VALUE else _beginning(value, text)
        for name, value in event.items()
    }


def _beginning(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return f"{value[:_LONGEST_VALUE]}…"
    return {"beginning": f"{text[:_LONGEST_VALUE]}…"}
