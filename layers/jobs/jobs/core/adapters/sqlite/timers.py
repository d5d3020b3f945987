"""Timers of deadlines."""

from typing import Final

from jobs.core.adapters.messages import to_text
from jobs.core.job import JobRef
from jobs.kit.clock import Millis
from jobs.kit.sqlite.timers import Timer, TimerTable

TIME_OUT: Final = "job_timeout"


class SqliteTimers:
    def __init__(self, timers: TimerTable) -> None:
        self._timers = timers

    def time_out(self, ref: JobRef, *, at: Millis) -> None:
        self._timers.start(Timer(name=TIME_OUT, key=ref.id, at=at, body=to_text(ref)))
