"""Errors of SQLite: transient or permanent.

https://www.sqlite.org/rescode.html
"""

import sqlite3
from typing import Final

from jobs.kit.errors import FailureClass, RefusedError, UnavailableError

_TRANSIENT: Final = frozenset({
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
})  # fmt: skip


class DatabaseError(Exception):
    """The file cannot be opened. The text says why, and what to do."""


class DatabaseInUseError(DatabaseError):
    """Another process uses the file."""


class DatabaseNotWritableError(DatabaseError):
    """The file, or its folder, does not let this process write."""


class NewerDatabaseError(DatabaseError):
    """A later version of the program has written the file."""


def convert(error: BaseException) -> BaseException:
    """Return what an error means to use cases: `UnavailableError`, `RefusedError`, or itself."""
    if not isinstance(error, sqlite3.Error):
        return error
    code = getattr(error, "sqlite_errorcode", None)  # the module's own errors have none
    if code is None:
        return error
    if code & 0xFF in _TRANSIENT:
        return UnavailableError(f"the database cannot be used: {error} ({error.sqlite_errorname})")
    if code == sqlite3.SQLITE_TOOBIG:
        return RefusedError("A value is too large to be stored", FailureClass.QUOTA)
    return error
