"""A thread that works until the server stops."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from jobs.kit.errors import UnavailableError

_log: Final = logging.getLogger(__name__)
_MAX_PAUSE_S: Final = 30.0


class Worker:
    """Repeats `step`, which waits for work by itself. A failure pauses it, longer each time."""

    def __init__(self, name: str, step: Callable[[], None]) -> None:
        self.name = name
        self._step = step
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._step()
                failures = 0
            except UnavailableError as error:
                failures += 1
                _log.error("%s waits: %s", self.name, error)
            except Exception:  # noqa: BLE001 - it is logged, and the next step may succeed
                failures += 1
                _log.exception("%s failed, it goes on", self.name)
            if failures:
                self._stopping.wait(min(0.1 * 2 ** min(failures, 10), _MAX_PAUSE_S))
