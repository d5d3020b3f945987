"""A child process of the local stack."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from local.kit.errors import LocalStackError
from local.kit.progress import step

SUPERVISOR = Path(__file__).with_name("supervisor.py")
MAX_LOG_LINES = 15
STOP_TIMEOUT_S = 8.0  # longer than the supervisor waits between SIGTERM and SIGKILL
POLL_INTERVAL_S = 0.02
SILENT_WAIT_S = 1.0  # a longer wait for the end is announced


class Process:
    """A command under a supervisor, in a process group of its own, with a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        log: Path,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name, self.log = name, log
        with log.open("ab") as out:
            self._supervisor = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-I", "-S", SUPERVISOR, *command],
                env=env,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C goes to the parent, which stops its processes in order
                pass_fds=pass_fds,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def supervisor_pid(self) -> int:
        """The parent of the command's process."""
        return self._supervisor.pid

    def check(self) -> None:
        """Check that the process is running.

        Raises:
            LocalStackError: It has ended; the text includes the end of its log.

        """
        if self._supervisor.poll() is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-MAX_LOG_LINES:]
            lines.append(f"{self.name} ended unexpectedly; its last log lines are above")
            raise LocalStackError("\n".join(lines))

    def wait_until(self, ready: Callable[[], bool], timeout_s: float = 30) -> None:
        """Wait until the process is ready.

        Raises:
            LocalStackError: It has ended, or is not ready in time.

        """
        deadline = time.monotonic() + timeout_s
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise LocalStackError(f"{self.name} was not ready within {timeout_s:.0f} s")
            time.sleep(POLL_INTERVAL_S)

    def stop(self) -> None:
        """Stop the process and its children. Idempotent."""
        if self._supervisor.stdin:
            self._supervisor.stdin.close()
        try:
            self._supervisor.wait(SILENT_WAIT_S)
        except subprocess.TimeoutExpired:
            waiting = step(f"waiting for {self.name}, at most {STOP_TIMEOUT_S:.0f} s")
            with waiting, suppress(subprocess.TimeoutExpired):
                self._supervisor.wait(STOP_TIMEOUT_S - SILENT_WAIT_S)
        with suppress(ProcessLookupError):
            os.killpg(self._supervisor.pid, signal.SIGKILL)
        self._supervisor.wait()
