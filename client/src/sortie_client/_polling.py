"""Looking at a job until it is over."""

from collections.abc import Callable
from itertools import count

from sortie_client._flow import Flow, Give, Giving, Pause
from sortie_client.errors import StillRunningError


def until[J](
    look: Callable[[], Flow[J]],
    over: Callable[[J], bool],
    *,
    interval: float,
    max_attempts: int | None = None,
) -> Giving[J, J]:
    """Give the job as it is, and again whenever it has changed; return it once it is over.

    Raises `StillRunningError` after so many looks.
    """
    before: J | None = None
    for attempt in count(1):
        job = yield from look()
        if job != before:
            yield Give(job)
        before = job
        if over(job):
            return job
        if attempt == max_attempts:
            raise StillRunningError(job)
        yield Pause(interval)
    raise AssertionError
