"""A process of the local stack."""

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

KEEPER = Path(__file__).with_name("supervisor.py")
LAST_LINES = 15
PATIENCE_SECONDS = 8.0  # more than the keeper has


class Part:
    """A command under its keeper, in a process group of its own, writing to a log file."""

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
            self._keeper = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-I", "-S", KEEPER, *command],
                env=env,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for the parent, which stops its parts in order
                pass_fds=pass_fds,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def check(self) -> None:
        if self._keeper.poll() is not None:
            said = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            said.append(f"{self.name} ended; the last it said is above")
            raise LocalStackError("\n".join(said))

    def wait_until(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise LocalStackError(f"{self.name} did not answer within {seconds:.0f} s")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._keeper.stdin:
            self._keeper.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._keeper.wait(PATIENCE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._keeper.pid, signal.SIGKILL)
        self._keeper.wait()
