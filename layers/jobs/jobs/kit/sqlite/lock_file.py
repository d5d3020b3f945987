"""A lock that ends with its process."""

import fcntl
from pathlib import Path

from jobs.kit.sqlite.errors import DatabaseInUseError, DatabaseNotWritableError


class LockFile:
    """Beside the database, because SQLite locks the file itself by other means.

    https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("ab")
        except OSError as error:
            raise DatabaseNotWritableError(f"cannot write {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise DatabaseInUseError(
                f"another process uses {path.with_suffix('')}: stop it, or choose another file"
            ) from error

    def release(self) -> None:
        self._file.close()
