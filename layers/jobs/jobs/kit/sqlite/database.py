"""One SQLite file, which one process owns: many readers, one writer, several writes a commit.

docs/adr/0050-sqlite.md explains the choices.
"""

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from threading import Lock
from typing import Any, BinaryIO, Final

from jobs.kit.clock import Millis
from jobs.kit.errors import UnavailableError
from jobs.kit.sqlite.errors import DatabaseNotWritableError, NewerDatabaseError, convert
from jobs.kit.sqlite.lock_file import LockFile
from jobs.kit.sqlite.signals import Signals
from jobs.kit.sqlite.writes import Current, Write

sync: Final = getattr(os, "fdatasync", os.fsync)  # macOS has the latter alone
MEMORY: Final = ":memory:"
_BUSY_TIMEOUT_S: Final = 5
"""A backup, which is another process, blocks a writer for moments only."""
_MAX_SWEPT: Final = 500
"""Rows that a transaction deletes: other writers wait for it."""
_MAX_IDLE_READERS: Final = 16
_READER_CACHE_KB: Final = 512
"""Many threads may read at once. What is not here, the operating system has in its cache."""
_MAX_WAL_BYTES: Final = 64 * 2**20
"""Size to which the log is cut after a long read has kept it from being written back."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one adapter, as scripts of DDL. A step that was released never changes.

    `expiring` names tables with a column `expires_at`, whose rows `Database.sweep` deletes then.
    """

    name: str
    steps: Sequence[str]
    expiring: Sequence[str] = ()


class Database:
    """Runs closures that receive a connection; rows are `sqlite3.Row`.

    A closure may run in another thread than its caller, so it must do nothing but SQL and plain
    computation. A nested call joins the transaction that the thread is in.
    """

    def __init__(self, path: Path | str = MEMORY) -> None:
        """Open the file, or make it. Raises `DatabaseError`."""
        self.path = str(path)
        self.signals = Signals()
        self._in_memory = self.path == MEMORY
        self._lock_file = None if self._in_memory else LockFile(Path(f"{path}.lock"))
        self._current = Current()
        self._writer_lock = Lock()
        self._sync_lock = Lock()
        self._commits = 0
        self._synced = 0
        self._waiting: deque[Write[Any]] = deque()
        self._wakes: dict[str, int | None] = {}
        self._is_sweep = False
        self._readers: deque[Connection] = deque()
        self._schemas: dict[str, Schema] = {}
        try:
            self._writer = self._open_writer()
            self._log = None if self._in_memory else open_log(self.path)
        except BaseException:
            self._unlock()
            raise

    def create(self, schema: Schema) -> None:
        """Make the tables of an adapter, or bring them to the current version."""
        if schema.name not in self._schemas:
            self.write(partial(_migrate, schema))
            self._schemas[schema.name] = schema

    def read[T](self, query: Callable[[Connection], T]) -> T:
        """Return what a query of one state of the database returns. Raises `UnavailableError`."""
        try:
            if self._current.connection:
                return query(self._current.connection)
            if self._in_memory:
                with self._writer_lock, self._current.use(self._writer):
                    return query(self._writer)
            with self._reader() as connection, self._current.use(connection, writes=False):
                return query(connection)
        except sqlite3.Error as error:
            raise convert(error) from error

    def write[T](self, change: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Apply a change, all or nothing, and return what it returns.

        It survives the end of the process, and a power failure if it is durable. It need not be if
        its cause makes it again: whenever a commit survives, all earlier ones do. Others may read
        a change before it is durable. If the disk fails, it may have been applied.

        Raises `UnavailableError`, `RefusedError`, and the errors of `change`.
        """
        if self._current.connection:
            return self._join(change)
        write: Write[T] = Write(change)
        self._waiting.append(write)
        with self._writer_lock:
            # Perhaps another thread has committed it, and wakes the others.
            wakes = {} if write.is_done else self._commit()
        self.signals.set(wakes)
        result = write.result()
        if durable:
            self._wait_for_disk(write.commit)
        return result

    def sweep(self, now: Millis) -> int:
        """Delete expired rows; return their number."""
        tables = [table for schema in [*self._schemas.values()] for table in schema.expiring]
        return sum(self._sweep(table, now) for table in tables)

    def close(self) -> None:
        """Wait for the running write, and close the file."""
        with self._writer_lock:
            while self._readers:
                self._readers.pop().close()
            self._writer.close()
        if self._log:
            self._log.close()
        self._unlock()

    def _open_writer(self) -> Connection:
        try:
            if not self._in_memory:  # for its owner alone; SQLite gives its log the same mode
                Path(self.path).touch(0o600)
            connection = self._connect()
        except (OSError, sqlite3.Error) as error:
            raise DatabaseNotWritableError(f"cannot use {self.path}: {error}") from error
        try:
            connection.executescript(f"""
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = NORMAL;
                PRAGMA journal_size_limit = {_MAX_WAL_BYTES};
                BEGIN IMMEDIATE;
                CREATE TABLE IF NOT EXISTS schemas
                    (name TEXT PRIMARY KEY, version INTEGER NOT NULL);
                COMMIT;
            """)
        except sqlite3.Error as error:
            connection.close()
            raise DatabaseNotWritableError(f"cannot use {self.path}: {error}") from error
        connection.create_function("wake", 1, self._wake)
        connection.create_function("wake_one", 1, self._wake_one)
        connection.create_function("is_sweep", 0, lambda: self._is_sweep)
        return connection

    def _connect(self) -> Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_TIMEOUT_S, autocommit=True, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        return connection

    def _wake(self, name: str) -> None:
        """Wake all threads that wait, after the commit. Triggers call it."""
        self._wakes[name] = None

    def _wake_one(self, name: str) -> None:
        """Wake one more thread, as the work is for one."""
        self._wakes[name] = (self._wakes.get(name) or 0) + 1

    def _unlock(self) -> None:
        if self._lock_file:
            self._lock_file.release()

    @contextmanager
    def _reader(self) -> Iterator[Connection]:
        """Lend a connection that reads one state of the database."""
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA cache_size = -{_READER_CACHE_KB}")
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            _roll_back(connection)
            if len(self._readers) < _MAX_IDLE_READERS:
                self._readers.append(connection)
            else:
                connection.close()

    def _join[T](self, change: Callable[[Connection], T]) -> T:
        connection = self._current.connection
        if connection is None or not self._current.writes:
            raise RuntimeError("a read cannot write")
        connection.execute("SAVEPOINT joined")
        try:
            result = change(connection)
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK TO joined")
                connection.execute("RELEASE joined")
            raise convert(error) from error
        connection.execute("RELEASE joined")
        return result

    def _commit(self) -> dict[str, int | None]:
        """Commit all writes that wait, those of other threads included; return whom to wake."""
        writes = [self._waiting.popleft() for _ in range(len(self._waiting))]
        self._wakes = {}
        try:
            with self._current.use(self._writer):
                self._apply(writes)
        except BaseException as error:
            _roll_back(self._writer)
            failure = convert(error)
            if not isinstance(failure, Exception):  # only this thread is interrupted
                failure = UnavailableError("the write was interrupted")
            for write in writes:
                write.fail(failure)
            if not isinstance(error, Exception):
                raise
            return {}
        self._commits += 1
        for write in writes:
            write.commit = self._commits
            write.is_done = True
        return self._wakes

    def _apply(self, writes: Sequence["Write[Any]"]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        for write in writes:
            try:
                write.value = self._join(write.change) if writes[1:] else write.change(self._writer)
            except Exception as error:  # its caller raises it
                if not (writes[1:] and self._writer.in_transaction):
                    raise  # no write is left
                write.error = error
        self._writer.execute("COMMIT")

    def _wait_for_disk(self, commit: int) -> None:
        """Sync the log, as `synchronous = FULL` does, but while other threads write.

        One sync serves all commits before it.
        """
        if self._log is None:
            return
        with self._sync_lock:
            if self._synced >= commit:
                return
            latest = self._commits
            try:
                sync(self._log.fileno())
            except OSError as error:
                raise UnavailableError(f"the disk cannot be written: {error}") from error
            self._synced = latest

    def _sweep(self, table: str, now: Millis) -> int:
        statement = (
            f"DELETE FROM {table} WHERE rowid IN"
            f" (SELECT rowid FROM {table} WHERE expires_at <= ? LIMIT {_MAX_SWEPT})"
        )

        def delete(db: Connection) -> int:
            self._is_sweep = True
            try:
                return db.execute(statement, (now,)).rowcount
            finally:
                self._is_sweep = False

        swept, count = 0, _MAX_SWEPT
        while count == _MAX_SWEPT:
            count = self.write(delete, durable=False)
            swept += count
        return swept


def open_log(path: str) -> BinaryIO:
    try:
        return Path(f"{path}-wal").open("rb")
    except OSError as error:
        raise DatabaseNotWritableError(
            f"cannot use {path}: its file system has no shared memory, choose a local disk"
        ) from error


def _migrate(schema: Schema, db: Connection) -> None:
    row = db.execute("SELECT version FROM schemas WHERE name = ?", (schema.name,)).fetchone()
    version = row["version"] if row else 0
    if version > len(schema.steps):
        raise NewerDatabaseError(
            f"a later version of this program has written the {schema.name}: use that version"
        )
    for step in schema.steps[version:]:
        db.executescript(step)
    db.execute("INSERT OR REPLACE INTO schemas VALUES (?, ?)", (schema.name, len(schema.steps)))


def _roll_back(connection: Connection) -> None:
    with suppress(sqlite3.Error):  # the connection is broken: the next transaction will say so
        if connection.in_transaction:
            connection.execute("ROLLBACK")
