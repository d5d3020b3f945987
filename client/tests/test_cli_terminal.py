"""Output to a terminal. The command runs in this process, in a pseudo-terminal."""

import json
import re
from collections.abc import Callable, Iterator

import httpx

from client.tests.conftest import COLUMNS
from client.tests.responses import (
    DOCS_JOB,
    DONE,
    JOB_ID,
    chunk,
    created,
    job,
    mission,
    ok,
    reply,
    stream,
    token,
)


def test_spinner_shows_the_status_until_the_reply(terminal, server) -> None:
    def complete(_) -> httpx.Response:
        terminal.wait_for("Waiting for the agent: processing")
        return ok(job())

    server.will(ok(job("processing")), complete)

    assert terminal.run("jobs", "watch", JOB_ID) == 0
    assert terminal.lines[-1] == "Yes."


def test_reply_is_printed_as_it_comes_also_again(terminal, server) -> None:
    restarted = chunk("1.2", type="data-restarted", data={})
    parts = [chunk("1.1", type="text-delta", delta="Void"), restarted]
    server.will(created(), stream(*parts, chunk("2.1", type="text-delta", delta="Yes."), DONE))

    assert terminal.run("ask", "Anybody?") == 0

    assert [line.strip() for line in terminal.lines[-3:]] == [
        "Void", "The agent is asked again: what it said so far is void", "Yes.",
    ]  # fmt: skip


def test_control_characters_are_replaced(terminal, server) -> None:
    server.will(created(), reply("\x1b]0;owned\x07\x1b[2JHello"))

    assert terminal.run("ask", "Hi") == 0

    assert "Hello" in terminal.screen
    assert "\x1b]0;owned" not in terminal.screen
    assert "\x1b[2J" not in terminal.screen


def test_invisible_characters_are_replaced(terminal, server) -> None:
    invisible = "\u202e\u2066\u200b\u200d\u200f\u2028\u2060\u061c\ufeff\U000e0041"
    server.will(created(), reply(f"Pay{invisible}Bob"))

    assert terminal.run("ask", "Hi") == 0

    assert f"Pay{'\ufffd' * len(invisible)}Bob" in terminal.screen


def test_table_long_value_is_cut_at_the_terminals_width(terminal, server) -> None:
    long = job(prompt="Tell me everything " * 20)
    server.will(ok({"jobs": [long], "total": 1, "filtered": 1}))

    assert terminal.run("jobs", "list") == 0

    heading, listed = (line.rstrip() for line in terminal.lines)
    assert heading.split() == ["ID", "STATUS", "CREATED", "PROMPT"]
    assert listed.startswith(f"{JOB_ID}  completed")
    assert listed.endswith("…")
    assert len(listed) <= COLUMNS


def test_no_color_variable_disables_colours(terminal, server, monkeypatch) -> None:
    colour = re.compile(r"\x1b\[[\d;]*3\d")
    page = ok({"jobs": [job()], "total": 1, "filtered": 1})
    server.will(page, page)

    terminal.run("jobs", "list")
    assert colour.search(terminal.screen)
    terminal.screen = ""
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.run("jobs", "list")

    assert "completed" in terminal.screen
    assert not colour.search(terminal.screen)


def test_fly_shows_a_panel_of_the_latest_update(terminal, server, tracking) -> None:
    place = {"position": {"type": "Point", "coordinates": [9.97, 53.54, 40]}}
    flying = {"jobState": "INPROGRESS", "droneState": "WAYPOINT", "navigation": place}
    tracking.messages = [[json.dumps(flying), json.dumps({"jobState": "FAILED"})]]
    failed = mission("FAILED", error="The wind is too strong")
    server.will(token(), ok({"job": mission()}, 201), ok({"job": failed}))

    assert terminal.run("missions", "fly", "round", "--group", "harbour") == 1

    text = "\n".join(terminal.lines)
    for shown in (JOB_ID, "INPROGRESS", "WAYPOINT", "9.97000 53.54000", "40 m", "FAILED"):
        assert shown in text
    assert terminal.lines[-1] == "The wind is too strong"


class Paused(httpx.SyncByteStream):
    """A docs stream that pauses before its last events."""

    def __init__(self, resume: Callable[[], None]) -> None:
        self._resume = resume

    def __iter__(self) -> Iterator[bytes]:
        yield event("1.1", {"type": "text-delta", "delta": "The tides"})
        yield event("1.2", {"type": "tool-input-available", "toolName": "read_file", "input": {}})
        self._resume()
        yield event("1.3", {"type": "text-delta", "delta": " are in."})
        yield b"data: [DONE]\n\n"


def event(event_id: str, data: dict[str, object]) -> bytes:
    return f"id: {event_id}\ndata: {json.dumps(data)}\n\n".encode()


def test_docs_run_prints_events_as_they_arrive(terminal, server) -> None:
    def resume() -> None:
        terminal.wait_for(f"job {JOB_ID} on branch tides")
        terminal.wait_for("The tides\r\n")
        terminal.wait_for("→ read_file")

    headers = {"X-Session-Id": JOB_ID, "X-Branch-Name": "tides"}
    server.will(httpx.Response(200, headers=headers, stream=Paused(resume)), ok(DOCS_JOB))

    assert terminal.run("docs", "run", "Describe the tides") == 0
    assert " are in." in terminal.screen
