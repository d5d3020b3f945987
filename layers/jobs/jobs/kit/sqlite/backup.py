"""Copy a database while its process reads and writes it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from jobs.kit.sqlite.errors import DatabaseError


def back_up(source: Path, target: Path) -> None:
    """Write one state of the database to a new file, which is there only when it is complete.

    https://www.sqlite.org/backup.html

    Raises `DatabaseError`.
    """
    if not source.is_file():
        raise DatabaseError(f"there is no database {source}")
    if target.exists():
        raise DatabaseError(f"{target} exists already: choose another file")
    draft = target.with_name(f"{target.name}.part")
    try:
        draft.unlink(missing_ok=True)  # left by a backup that was interrupted
        draft.touch(0o600)
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True)) as database,
            closing(sqlite3.connect(draft)) as copy,
        ):
            database.backup(copy)
            # One file, in every mode of the original.
            copy.execute("PRAGMA journal_mode = DELETE")
        _sync(draft)
        draft.rename(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise DatabaseError(f"cannot back up {source} to {target}: {error}") from error


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
