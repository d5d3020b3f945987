"""Optimistic concurrency: repeat what another writer has overtaken."""

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
    """Return what `attempt` returns. Each attempt reads anew what it is going to change.

    `backoff_s` doubles with each attempt, at full jitter. Raises the `conflict` of the last one.
    """
    for number in range(max_attempts - 1):
        try:
            return attempt()
        except conflict:
            if backoff_s:
                time.sleep(random.uniform(0, backoff_s * 2**number))  # noqa: S311 - jitter
    return attempt()
