"""What tests of every kind import."""

from typing import Final

from jobs.core.job import Millis

NOON: Final[Millis] = 1_767_268_800_000  # 2026-01-01T12:00:00Z
HOUR: Final[Millis] = 3600 * 1000


class FrozenClock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> Millis:
        return self.now

    def advance(self, millis: Millis) -> None:
        self.now += millis
