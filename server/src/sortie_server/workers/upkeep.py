"""Delete what has expired, remember the time, and look for what commands have changed."""

import time
from collections.abc import Collection
from typing import Final

from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.steady_clock import SteadyClock

_PAUSE_S: Final = 5.0
_PAUSES_BETWEEN_SWEEPS: Final = 12


class Upkeep:
    """`signals` are those that commands in other processes cannot set."""

    def __init__(self, database: Database, clock: SteadyClock, signals: Collection[str]) -> None:
        self._signals = signals
        self._database = database
        self._clock = clock
        self._until_sweep = 0

    def step(self) -> None:
        if self._until_sweep == 0:
            self._database.sweep(self._clock())
            self._until_sweep = _PAUSES_BETWEEN_SWEEPS
        self._until_sweep -= 1
        self._clock.save()
        self._database.signals.set(dict.fromkeys(self._signals))
        time.sleep(_PAUSE_S)
