"""Optimistic concurrency: retry after a conflicting write."""

import random
import time
from collections.abc import Callable


def retry_on_conflict[T](
    attempt: Callable[[], T],
    conflict: type[Exception],
    *,
    max_attempts: int = 10,
    backoff_s: float = 0,
) -> T:
    """Return the result of `attempt`, which reads the current state at each call.

    `backoff_s` doubles with each attempt, with full jitter. Raises the last `conflict`.
    """
    for number in range(max_attempts - 1):
        try:
            return attempt()
        except conflict:
            if backoff_s:
                time.sleep(random.uniform(0, backoff_s * 2**number))  # noqa: S311 - jitter
    return attempt()
