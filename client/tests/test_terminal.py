"""The command line as people meet it: in a real terminal."""

import io
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import httpx
import pexpect
import pytest

from client.tests.answers import JOB_ID, SESSION, created, job, mission, ok, token

SOURCE = Path(__file__).parents[1] / "src"
COLUMNS = 100


@pytest.fixture
def terminal(environment, tmp_path) -> Iterator[Callable[..., pexpect.spawn]]:
    """Type a command, into a terminal of 100 columns."""
    with ExitStack() as cleanup:

        def typed(*arguments: str, **more: str) -> pexpect.spawn:
            child = pexpect.spawn(
                sys.executable,
                ["-m", "sortie_client.cli", *arguments],
                cwd=str(tmp_path),
                env={**environment, "PYTHONPATH": str(SOURCE), "TERM": "xterm-256color"}
                | {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **more},
                preexec_fn=heeding_interrupts,
                encoding="utf-8",
                dimensions=(30, COLUMNS),
                timeout=30,
            )
            child.logfile_read = io.StringIO()
            cleanup.callback(child.close, force=True)
            return child

        yield typed


def heeding_interrupts() -> None:
    """What was begun in the background ignores them, and so does all that it begins."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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


def test_a_job_is_watched_and_its_progress_told(terminal, server) -> None:
    go_on = Event()

    def at_last(_) -> object:
        assert go_on.wait(30)
        return ok(job())

    server.will(ok(job("pending")), ok(job("processing")), at_last)
    child = terminal("jobs", "watch", JOB_ID)

    child.expect("Waiting for the agent: processing")
    go_on.set()
    child.expect("Yes.")

    assert ended(child) == 0


HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"


@pytest.mark.parametrize("command", [("ask", "Hi"), ("jobs", "watch", JOB_ID)], ids=" ".join)
def test_who_interrupts_has_a_cursor_again(terminal, server, command) -> None:
    asked, leave = Event(), Event()

    def never(_) -> object:
        asked.set()
        assert leave.wait(30)
        return ok(job("processing"))

    server.will(*[created()] * (command[0] == "ask"), never)
    child = terminal(*command)
    assert asked.wait(30)

    child.sendintr()
    child.expect("It goes on")
    leave.set()

    assert ended(child) == 130
    seen = child.logfile_read.getvalue()
    assert -1 < seen.rfind(HIDDEN) < seen.rfind(SHOWN)


def test_a_flight_that_is_left_goes_on_and_its_last_sight_stays(terminal, server, sockets) -> None:
    seen = {"jobState": "INPROGRESS", "droneState": "WAYPOINT"}
    sockets.messages, sockets.keep_open = [[json.dumps(seen)]], True
    server.will(token())
    child = terminal("missions", "watch", JOB_ID)
    child.expect("WAYPOINT")

    child.sendintr()
    child.expect(f"It goes on; sortie missions watch {JOB_ID}")

    assert ended(child) == 130
    screen = child.logfile_read.getvalue()
    assert -1 < screen.rfind(HIDDEN) < screen.rfind(SHOWN)


def test_what_is_interrupted_without_having_begun_anything_says_nothing(terminal, server) -> None:
    asked, leave = Event(), Event()

    def never(_) -> object:
        asked.set()
        assert leave.wait(30)
        return ok({})

    server.will(never)
    child = terminal("health")
    assert asked.wait(30)

    child.sendintr()

    assert ended(child) == 130
    leave.set()
    assert child.before.replace("^C", "").strip() == ""


class Told(httpx.SyncByteStream):
    """A stream whose last event waits until it is let go."""

    def __init__(self) -> None:
        self.go_on = Event()

    def __iter__(self) -> Iterator[bytes]:
        yield event("1.1", {"type": "text-delta", "delta": "The tides"})
        yield event("1.2", {"type": "tool-input-available", "toolName": "read_file", "input": {}})
        assert self.go_on.wait(30)
        yield event("1.3", {"type": "text-delta", "delta": " are in."})
        yield b"data: [DONE]\n\n"


def event(place: str, data: dict[str, object]) -> bytes:
    return f"id: {place}\ndata: {json.dumps(data)}\n\n".encode()


def test_what_an_agent_writes_is_read_while_it_writes(terminal, server) -> None:
    told = Told()
    headers = {"X-Session-Id": JOB_ID, "X-Branch-Name": "tides"}
    server.will(httpx.Response(200, headers=headers, stream=told), ok(SESSION))
    child = terminal("docs", "run", "Describe the tides")

    child.expect(f"job {JOB_ID} on branch tides")
    child.expect("The tides\r\n")
    child.expect("→ read_file")
    told.go_on.set()
    child.expect(" are in.")

    assert ended(child) == 0


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


def test_a_terminal_that_wants_no_colours_gets_none(terminal, server) -> None:
    server.will(ok({"jobs": [job()], "total": 1, "filtered": 1}))
    child = terminal("jobs", "list", NO_COLOR="1")

    assert ended(child) == 0
    assert "completed" in child.before
    assert not re.search(r"\x1b\[[\d;]*3\d", child.before)


def test_a_flight_is_shown_in_one_place(terminal, server, sockets) -> None:
    states = ["PENDING", "INPROGRESS", "COMPLETED"]
    sockets.messages = [[json.dumps({"jobState": it, "droneState": "HOVER"}) for it in states]]
    server.will(token(), ok({"job": mission("COMPLETED")}))
    child = terminal("missions", "watch", JOB_ID)

    for each in states:
        child.expect(each)

    assert ended(child) == 0


def test_a_mission_is_asked_for_and_flown_before_ones_eyes(terminal, server, sockets) -> None:
    place = {"position": {"type": "Point", "coordinates": [9.97, 53.54, 40]}}
    flying = {"jobState": "INPROGRESS", "droneState": "WAYPOINT", "navigation": place}
    sockets.messages = [[json.dumps(flying), json.dumps({"jobState": "FAILED"})]]
    failed = mission("FAILED", error="The wind is too strong")
    server.will(token(), ok({"job": mission()}, 201), ok({"job": failed}))
    child = terminal("missions", "fly", "round", "--group", "harbour")

    child.expect(f"mission {JOB_ID}")
    child.expect("9.97000 53.54000")
    child.expect("40 m")
    child.expect("FAILED")
    child.expect("The wind is too strong")

    assert ended(child) == 1


def test_what_went_wrong_is_explained(terminal, server) -> None:
    server.will(created(), ok(job("timeout", error="Job timed out")))
    child = terminal("ask", "Hi")

    child.expect("Job timed out")

    assert ended(child) == 1
