"""Print lines to the terminal, and write each with its time to a file."""

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

MAX_BYTES = 5_000_000  # then a new file begins; the one before remains
COLOURS = re.compile(r"\x1b\[\d*m")


class Journal:
    """A standard output. It is no secret's place, but only its owner may read the file."""

    def __init__(self, terminal: TextIO, file: Path) -> None:
        self._terminal = terminal
        self._file = file
        self._previous = file.with_name(f"{file.name}.1")
        self._descriptor = self._open()
        self._line = ""
        self.is_terminal_gone = False

    def write(self, text: str) -> int:
        """Print text; write its complete lines to the file, with the present time."""
        self._print(text)
        *lines, self._line = f"{self._line}{text}".split("\n")
        for line in lines:
            self._record(line, time.time())
        return len(text)

    def write_line(self, line: str, at: float) -> None:
        """Print a line, and write it to the file with a time of its own, in seconds."""
        self._print(f"{line}\n")
        self._record(line, at)

    def show(self, text: str) -> None:
        """Print a secret to a terminal, if it is one, and to no file."""
        if self.isatty():
            self._print(text)

    def flush(self) -> None:
        self._print("")

    def isatty(self) -> bool:
        return self._terminal.isatty()

    def _print(self, text: str) -> None:
        if self.is_terminal_gone:
            return
        try:
            self._terminal.write(text)
            self._terminal.flush()
        except OSError:  # the terminal or the pipe's reader
            self.is_terminal_gone = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._terminal.fileno())

    def _record(self, lines: str, at: float) -> None:
        if not lines:
            return
        stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        plain = COLOURS.sub("", lines)
        os.write(self._descriptor, f"{stamp.replace('+00:00', 'Z')} {plain}\n".encode())
        if os.fstat(self._descriptor).st_size > MAX_BYTES:
            self._file.replace(self._previous)
            os.close(self._descriptor)
            self._descriptor = self._open()

    def _open(self) -> int:
        return os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
