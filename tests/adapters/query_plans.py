"""Find the statements whose cost grows with the number of stored rows."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from jobs.kit.sqlite.database import Database

_SMALL: Final = {"schemas", "consumers", "clock", "sqlite_sequence"}
_LITERALS: Final = re.compile(r"'(?:[^']|'')*'|\b\d+\b")


@contextmanager
def only_indexed_statements(database: Database) -> Iterator[None]:
    """Raise `AssertionError` afterwards if a statement has read a table from end to end.

    https://www.sqlite.org/eqp.html
    """
    writer = database._writer  # noqa: SLF001
    statements: dict[str, str] = {}
    writer.set_trace_callback(lambda sql: statements.setdefault(_LITERALS.sub("?", sql), sql))
    yield
    writer.set_trace_callback(None)
    scans = {
        f"{row['detail']}: {short}"
        for short, sql in statements.items()
        if sql.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))
        for row in writer.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
        if (scan := re.match(r"SCAN (\w+)", row["detail"])) and scan[1] not in _SMALL
    }
    assert not scans, "\n".join(sorted(scans))
