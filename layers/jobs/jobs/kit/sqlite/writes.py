"""Writes that wait for their commit, and the transaction that a thread is in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from sqlite3 import Connection
from threading import local
from typing import cast


class Write[T]:
    """A change that waits for a thread to commit it."""

    __slots__ = ("change", "commit", "error", "is_done", "value")

    def __init__(self, change: Callable[[Connection], T]) -> None:
        self.change = change
        self.commit = 0
        self.is_done = False
        self.value: T | None = None
        self.error: Exception | None = None

    def fail(self, error: Exception) -> None:
        self.error = error
        self.is_done = True

    def result(self) -> T:
        if self.error:
            raise self.error
        return cast("T", self.value)


class Current(local):
    """The connection of the transaction that a thread is in."""

    connection: Connection | None = None
    writes: bool = False

    @contextmanager
    def use(self, connection: Connection, *, writes: bool = True) -> Iterator[None]:
        self.connection, self.writes = connection, writes
        try:
            yield
        finally:
            self.connection, self.writes = None, False
