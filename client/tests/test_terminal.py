"""The command line as people meet it: in a real terminal."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pexpect
import pytest

from client.tests.answers import JOB_ID, created, job, mission, ok, token

SOURCE = Path(__file__).parents[1] / "src"
COLUMNS = 100


@pytest.fixture
def terminal(environment, tmp_path) -> Iterator[Callable[..., pexpect.spawn]]:
    """Type a command, into a terminal of 100 columns."""
    with ExitStack() as cleanup:

        def typed(*arguments: str) -> pexpect.spawn:
            child = pexpect.spawn(
                sys.executable,
                ["-m", "sortie_client.cli", *arguments],
                cwd=str(tmp_path),
                env={**environment, "PYTHONPATH": str(SOURCE), "TERM": "xterm-256color"}
                | {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"},
                encoding="utf-8",
                dimensions=(30, COLUMNS),
                timeout=30,
            )
            cleanup.callback(child.close, force=True)
            return child

        yield typed


def ended(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_it_shows_that_it_waits_and_then_the_answer(terminal, server) -> None:
    go_on = Event()

    def at_last(_) -> object:
        assert go_on.wait(30)
        return ok(job())

    server.will(created(), ok(job("processing")), at_last)
    child = terminal("ask", "Anybody?")

    child.expect("Waiting for the agent: processing")
    go_on.set()
    child.expect("Yes.")

    assert ended(child) == 0


def test_who_is_tired_of_waiting_hears_how_to_come_back(terminal, server) -> None:
    asked, leave = Event(), Event()

    def never(_) -> object:
        asked.set()
        assert leave.wait(30)
        return ok(job("processing"))

    server.will(created(), never)
    child = terminal("ask", "Anybody?")
    assert asked.wait(30)

    child.sendintr()
    child.expect(f"It goes on; sortie jobs watch {JOB_ID}")
    leave.set()

    assert ended(child) == 130


def test_an_answer_cannot_play_tricks_on_the_terminal(terminal, server) -> None:
    evil = job()
    evil["result"]["message"]["content"] = "\x1b]0;owned\x07\x1b[2JHello"
    server.will(created(), ok(evil))
    child = terminal("ask", "Hi")

    child.expect("Hello")

    assert "\x1b]0;owned" not in child.before
    assert "\x1b[2J" not in child.before
    assert ended(child) == 0


def test_a_list_fits_the_terminal(terminal, server) -> None:
    long = job(prompt="Tell me everything " * 20)
    server.will(ok({"jobs": [long], "total": 1, "filtered": 1}))
    child = terminal("jobs", "list")

    assert ended(child) == 0
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in child.before.splitlines()]
    heading, listed = (line for line in lines if line)
    assert heading.split() == ["ID", "STATUS", "CREATED", "PROMPT"]
    assert listed.startswith(f"{JOB_ID}  completed")
    assert listed.endswith("…")
    assert max(map(len, lines)) <= COLUMNS


def test_a_flight_is_shown_in_one_place(terminal, server, sockets) -> None:
    states = ["PENDING", "INPROGRESS", "COMPLETED"]
    sockets.messages = [[json.dumps({"jobState": it, "droneState": "HOVER"}) for it in states]]
    server.will(token(), ok({"job": mission("COMPLETED")}))
    child = terminal("missions", "watch", JOB_ID)

    for each in states:
        child.expect(each)

    assert ended(child) == 0


def test_what_went_wrong_is_explained(terminal, server) -> None:
    server.will(created(), ok(job("timeout", error="Job timed out")))
    child = terminal("ask", "Hi")

    child.expect("Job timed out")

    assert ended(child) == 1
