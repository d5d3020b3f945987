"""Ctrl-C in a real terminal, to a process of its own."""

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pexpect
import pytest

from client.tests.responses import JOB_ID, created, job, ok, token

SOURCE = Path(__file__).parents[1] / "src"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


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


def interrupt(child: pexpect.spawn) -> str:
    """Press Ctrl-C, wait for the exit, and return all output."""
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    return child.logfile_read.getvalue()


class Blocked:
    """A reply that the server withholds until the test releases it."""

    def __init__(self) -> None:
        self.requested = Event()
        self.released = Event()

    def __call__(self, _: object) -> object:
        self.requested.set()
        assert self.released.wait(30)
        return ok(job("processing"))


@pytest.fixture
def blocked() -> Iterator[Blocked]:
    reply = Blocked()
    yield reply
    reply.released.set()


def test_interrupted_job_hints_how_to_continue(spawn, server, blocked) -> None:
    server.will(created(), ok(job("processing")), blocked)
    child = spawn("ask", "Anybody?")
    child.expect("Waiting for the agent: processing")
    assert blocked.requested.wait(30)

    output = interrupt(child)

    assert f"sortie jobs watch {JOB_ID}" in output
    assert -1 < output.rfind(HIDE_CURSOR) < output.rfind(SHOW_CURSOR)


def test_interrupted_request_without_a_job_prints_nothing(spawn, server, blocked) -> None:
    server.will(blocked)
    child = spawn("health")
    assert blocked.requested.wait(30)

    assert interrupt(child).replace("^C", "").strip() == ""


def test_interrupted_tracking_hints_how_to_continue(spawn, server, tracking) -> None:
    update = {"jobState": "INPROGRESS", "droneState": "WAYPOINT"}
    tracking.messages, tracking.keep_open = [[json.dumps(update)]], True
    server.will(token())
    child = spawn("missions", "watch", JOB_ID)
    child.expect("WAYPOINT")

    output = interrupt(child)

    assert f"sortie missions watch {JOB_ID}" in output
    assert -1 < output.rfind(HIDE_CURSOR) < output.rfind(SHOW_CURSOR)
