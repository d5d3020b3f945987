"""Wake threads that wait for rows of others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from threading import Condition, Lock
from typing import Final

_log: Final = logging.getLogger(__name__)


class Signals:
    """Numbers that rise with each commit that has work for other threads, by name.

    Read the number, look for work, and wait for another number: so no commit between is missed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: dict[str, int] = {}
        self._conditions: dict[str, Condition] = {}
        self._listeners: dict[str, list[Callable[[], None]]] = {}

    def number(self, name: str) -> int:
        with self._lock:
            return self._numbers.setdefault(name, 0)

    def wait(self, name: str, seen: int, timeout: float | None = None) -> bool:
        """Wait until the number differs from `seen`; return whether it does."""
        with self._lock:
            condition = self._conditions.setdefault(name, Condition(self._lock))
            return condition.wait_for(lambda: self._numbers.get(name, 0) != seen, timeout)

    def listen(self, name: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each commit, in the committing thread. Return how to stop it."""
        with self._lock:
            self._listeners.setdefault(name, []).append(callback)

        def stop() -> None:
            with self._lock:
                self._listeners[name].remove(callback)
                if not self._listeners[name]:
                    del self._listeners[name]

        return stop

    def pauses(self, *names: str) -> "Pauses":
        """Return a context whose pause, for an event loop, a commit ends. It misses none."""
        return Pauses(self, names)

    def set(self, wakes: Mapping[str, int | None]) -> None:
        """Wake as many threads for each name, or all. Unused names leave no trace."""
        with self._lock:
            callbacks = [each for name in wakes for each in self._listeners.get(name, ())]
            for name, count in wakes.items():
                if name in self._numbers:
                    self._numbers[name] += 1
                if condition := self._conditions.get(name):
                    condition.notify_all() if count is None else condition.notify(count)
        self._call(callbacks)

    def wake_listeners(self) -> None:
        """Have all listeners look again, such as at the end of the process."""
        with self._lock:
            callbacks = [each for some in self._listeners.values() for each in some]
        self._call(callbacks)

    @staticmethod
    def _call(callbacks: Iterable[Callable[[], None]]) -> None:
        for callback in callbacks:
            try:
                callback()
            except Exception:  # noqa: BLE001 - the commit has succeeded
                _log.exception("a listener failed")


class Pauses:
    """No generator: the garbage collector would end it, perhaps in a thread that holds the lock."""

    def __init__(self, signals: Signals, names: Sequence[str]) -> None:
        self._signals = signals
        self._names = names
        self._stops: list[Callable[[], None]] = []

    def __enter__(self) -> Callable[[float], Awaitable[None]]:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        async def pause(seconds: float) -> None:
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), seconds)
            woken.clear()

        self._stops = [self._signals.listen(name, wake) for name in self._names]
        return pause

    def __exit__(self, *_: object) -> None:
        for stop in self._stops:
            stop()
