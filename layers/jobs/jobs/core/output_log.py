"""The port of agents' output, which readers follow while a worker writes it.

A job's output is a log of numbered items. Workers append to it, in batches if
`jobs.core.write_output` does it for them; readers (`jobs.core.tail`) read from any number. The log
is no part of the job: whether a job has ended, and its result, is with the job. So the end of a job
is saved first, then the last item.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from jobs.core.job import JobRef
from jobs.kit.clock import Millis
from jobs.kit.output.events import OutputItem

type AsyncPause = Callable[[float], Awaitable[None]]

CLOSING_ATTEMPT: Final = 10**9
"""The `attempt` of items that readers add when a job has ended without its worker."""


class ItemTakenError(Exception):
    """The log has an item of this number by another attempt, `by`."""

    def __init__(self, by: int) -> None:
        super().__init__(by)
        self.by = by


class OutputLog(Protocol):
    """A job's output as items, kept as long as the job. Methods may raise `UnavailableError`."""

    def append(self, ref: JobRef, item: OutputItem, *, expires_at: Millis) -> None:
        """Store an item. Idempotent by its number and attempt: the first one stays.

        Raises `ItemTakenError` if another attempt has stored this number. If that attempt is later,
        the caller has lost its job. If it is earlier, it wrote late: the caller takes the next
        number.
        """

    def read(self, ref: JobRef, *, since: int) -> Sequence[OutputItem]:
        """Return a page of the items from number `since`, up to the first gap."""

    def news(self, ref: JobRef) -> AbstractContextManager[AsyncPause]:
        """Yield a pause that an append may end early. It misses no append from now on."""


def next_number(log: OutputLog, ref: JobRef) -> int:
    """Return the number of the next item, after those of previous attempts."""
    number = 1
    while items := log.read(ref, since=number):
        number = items[-1].number + 1
    return number
