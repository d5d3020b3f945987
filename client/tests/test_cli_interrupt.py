"""Ctrl-C in a real terminal, to a process of its own."""

import json
from collections.abc import Iterator
from threading import Event

import pexpect
import pytest

from client.tests.responses import JOB_ID, created, job, ok, token

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


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
    server.will(created(), blocked, created())
    child = spawn("ask", "Anybody?")
    child.expect("Waiting for the agent")
    assert blocked.requested.wait(30)

    output = interrupt(child)

    assert f"sortie jobs watch {JOB_ID}" in output
    assert -1 < output.rfind(HIDE_CURSOR) < output.rfind(SHOW_CURSOR)
    first, _, again = server.requests
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]


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
