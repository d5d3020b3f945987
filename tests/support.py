"""Helpers for tests of all levels."""

from collections.abc import Callable
from typing import Final, NoReturn

from jobs.kit.clock import Millis

NOON: Final[Millis] = 1_767_268_800_000  # 2026-01-01T12:00:00Z
HOUR: Final[Millis] = 3600 * 1000


class FrozenClock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> Millis:
        return self.now

    def advance(self, millis: Millis) -> None:
        self.now += millis


class Broken:
    """A part of a wiring that raises an error on each use."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise self._error

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        return self
