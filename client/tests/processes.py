"""The command line in a real terminal, as a process of its own."""

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pexpect
import pytest

SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture
def spawn(environment, tmp_path) -> Iterator[Callable[..., pexpect.spawn]]:
    with ExitStack() as cleanup:

        def spawn(*arguments: str) -> pexpect.spawn:
            child = pexpect.spawn(
                sys.executable,
                ["-m", "sortie_client.cli", *arguments],
                cwd=str(tmp_path),
                env={**environment, "PYTHONPATH": str(SOURCE), "TERM": "xterm-256color"}
                | {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"},
                preexec_fn=restore_interrupts,
                encoding="utf-8",
                dimensions=(30, 100),
                timeout=30,
            )
            child.logfile_read = io.StringIO()
            cleanup.callback(child.close, force=True)
            return child

        yield spawn


def restore_interrupts() -> None:
    """A process started in the background ignores SIGINT, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
