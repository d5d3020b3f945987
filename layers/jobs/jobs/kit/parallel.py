"""Make several calls at the same time."""

from collections.abc import Callable, Sequence


def map_parallel[Item, Result](
    function: Callable[[Item], Result], items: Sequence[Item], *, threads: int | None = None
) -> list[Result]:
    """Return the results in order; by default, each is from a thread of its own.

    One item needs no thread. Raises the first error, after all calls.
    """
    if len(items) <= 1:
        return [*map(function, items)]
    # On first use: most processes make single calls.
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(threads or len(items)) as pool:
        calls = [pool.submit(function, item) for item in items]
    return [each.result() for each in calls]
