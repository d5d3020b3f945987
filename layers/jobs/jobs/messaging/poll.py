"""Polls of a delegated job: each schedules the next, ever later, until the job has ended."""

from dataclasses import dataclass, replace
from typing import Final, Self

from jobs.core.job import JobRef

FIRST_PAUSE_S: Final = 1
MAX_PAUSE_S: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A poll that is due `pause_s` after the last one."""

    ref: JobRef
    pause_s: int = FIRST_PAUSE_S

    def next(self) -> Self:
        return replace(self, pause_s=min(MAX_PAUSE_S, 2 * self.pause_s))
