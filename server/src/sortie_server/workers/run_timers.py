"""Do what is due, in place of state machines that wait."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jobs.kit.clock import Clock, Millis
from jobs.kit.lambda_handler import logger
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.timers import SIGNAL, Timer, TimerTable

BATCH_SIZE: Final = 20
MAX_WAIT_S: Final = 60.0
RETRY_MS: Final[Millis] = 30_000

type Ring = Callable[[Timer], Millis | None]
"""Does what a timer is for. Returns when to do it again, or None."""


@dataclass(frozen=True, kw_only=True)
class RunTimers:
    """`rings` by the timers' names."""

    database: Database
    timers: TimerTable
    rings: Mapping[str, Ring]
    clock: Clock

    def step(self) -> None:
        """Ring the timers that are due, or wait for one."""
        seen = self.database.signals.number(SIGNAL)
        due = self.timers.due(self.clock(), limit=BATCH_SIZE)
        if not due:
            self.database.signals.wait(SIGNAL, seen, self._pause())
            return
        rung = [(timer, self._ring(timer)) for timer in due]
        self.database.write(lambda db: self._settle(rung), durable=False)

    def _ring(self, timer: Timer) -> Millis | None:
        try:
            return self.rings[timer.name](timer)
        except Exception:  # noqa: BLE001 - it is logged, and rings again
            logger.exception("timer failed, it rings again", extra={"timer": timer.name})
            return self.clock() + RETRY_MS

    def _settle(self, rung: Sequence[tuple[Timer, Millis | None]]) -> None:
        for timer, again in rung:
            if again is None:
                self.timers.finish(timer)
            else:
                self.timers.move(timer, again)

    def _pause(self) -> float:
        next_at = self.timers.next_at()
        if next_at is None:
            return MAX_WAIT_S
        return min(max(next_at - self.clock(), 0) / 1000, MAX_WAIT_S)
