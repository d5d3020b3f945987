"""Time, as epoch milliseconds."""

import time
from typing import Protocol

type Millis = int


class Clock(Protocol):
    def __call__(self) -> Millis: ...


def now() -> Millis:
    return time.time_ns() // 1_000_000
