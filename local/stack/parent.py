"""Detect that make, which started this process, is only waiting for it to end.

`kill -INT` of make alone, unlike Ctrl-C, leaves make waiting for its children. `kill -KILL` of make
leaves the children running. Linux shows both in /proc; other systems do not.
"""

import os
import signal
from pathlib import Path

END_SIGNALS = (signal.SIGHUP, signal.SIGINT)


class Parent:
    def __init__(self) -> None:
        self._pid = os.getppid()
        self._caught = find_caught_signals(self._pid)

    def is_parent_waiting(self) -> bool:
        """Whether to go on: make removes a signal's handler after it has received the signal."""
        if not self._caught:
            return True
        return os.getppid() == self._pid and find_caught_signals(self._pid) == self._caught


def find_caught_signals(pid: int) -> frozenset[signal.Signals]:
    """Return the end signals that make has handlers for; none if the process is not make."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return frozenset()
    status = dict(line.split(":", 1) for line in lines if ":" in line)
    if status["Name"].strip() not in {"make", "gmake"}:
        return frozenset()
    mask = int(status["SigCgt"].strip(), 16)
    return frozenset(each for each in END_SIGNALS if mask & 1 << (each - 1))
