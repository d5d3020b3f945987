"""Whether make, that started us, still waits for anything but our end.

`kill -INT` of make alone, not of its process group as Ctrl-C does, makes it wait for its children;
and killed outright, it leaves them. Linux shows both in /proc; elsewhere nothing is noticed.
"""

import os
import signal
from pathlib import Path

ENDING = (signal.SIGHUP, signal.SIGINT)


class Parent:
    def __init__(self) -> None:
        self._pid = os.getppid()
        self._caught = caught_by_make(self._pid)

    def wants_us(self) -> bool:
        """Make takes away the handler of a signal once it came."""
        if not self._caught:
            return True
        return os.getppid() == self._pid and caught_by_make(self._pid) == self._caught


def caught_by_make(pid: int) -> frozenset[signal.Signals]:
    """Which of the signals that end it have a handler; none if it is not make at all."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return frozenset()
    status = dict(line.split(":", 1) for line in lines if ":" in line)
    if status["Name"].strip() not in {"make", "gmake"}:
        return frozenset()
    mask = int(status["SigCgt"].strip(), 16)
    return frozenset(each for each in ENDING if mask & 1 << (each - 1))
