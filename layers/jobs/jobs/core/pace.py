"""How often a stream looks for more: without Starlette, which only streams need."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Intervals in seconds. `heartbeat` applies while there is no output; `check`: of the job.

    After `max_duration` the stream ends; the client can resume it. It must be shorter than the
    function's timeout.
    """

    poll: float = 0.1
    idle_poll: float = 0.15
    heartbeat: float = 5.0
    check: float = 5.0
    max_duration: float = 870.0


DEFAULT: Final = Pace()
