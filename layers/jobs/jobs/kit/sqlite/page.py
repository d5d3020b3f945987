"""Pages that are bounded in items and bytes."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

MAX_ITEMS: Final = 1000
MAX_BYTES: Final = 5 * 2**19
"""As on AWS, where a response has a limit; here it bounds the memory of a request."""


def take_page[T](
    rows: Iterable[T], *, size_of: Callable[[T], int], limit: int = MAX_ITEMS
) -> tuple[Sequence[T], bool]:
    """Return the first rows, at least one, and whether more follow."""
    page: list[T] = []
    size = 0
    for row in rows:
        size += size_of(row)
        if page and (len(page) == limit or size > MAX_BYTES):
            return page, True
        page.append(row)
    return page, False
