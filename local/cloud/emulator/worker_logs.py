"""Wait for a worker's log lines instead of polling for them every millisecond."""

import time
from queue import Empty
from typing import Any

from ministack.core import lambda_runtime  # type: ignore[import-not-found]


def await_worker_logs() -> None:
    lambda_runtime.Worker._drain_stderr_bounded = drain_lines


def drain_lines(
    worker: Any, first_line_wait: float = 0.05, idle_confirm: float = 0.005, hard_cap: float = 0.25
) -> str:
    """Return the lines that a worker has logged; the limits are those of MiniStack."""
    lines: list[str] = []
    ends, wait = time.monotonic() + hard_cap, first_line_wait
    while (left := ends - time.monotonic()) > 0:
        try:
            lines.append(worker._stderr_queue.get(timeout=min(wait, left)))
        except Empty:
            break
        wait = idle_confirm
    return "\n".join(lines)
