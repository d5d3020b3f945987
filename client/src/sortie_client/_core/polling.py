"""Polling of a job until it has ended."""

from collections.abc import Callable
from itertools import count

from sortie_client._core.flow import Emit, Flow, Sleep, StreamFlow
from sortie_client.errors import StillRunningError


def poll[J](
    fetch: Callable[[], Flow[J]],
    is_terminal: Callable[[J], bool],
    *,
    interval: float,
    max_attempts: int | None = None,
) -> StreamFlow[J, J]:
    """Emit the job now and after each change; return it once it has ended.

    `interval`: seconds between polls. Raises `StillRunningError` after `max_attempts` polls.
    """
    previous: J | None = None
    for attempt in count(1):
        job = yield from fetch()
        if job != previous:
            yield Emit(job)
        previous = job
        if is_terminal(job):
            return job
        if attempt == max_attempts:
            raise StillRunningError(job)
        yield Sleep(interval)
    raise AssertionError
