"""`make up` writes what it prints to a file, too, with times."""

import io
import os
import re
import sys
from contextlib import redirect_stdout

import pytest

from local.stack import journal as module
from local.stack.journal import Journal


@pytest.fixture
def terminal():
    return io.StringIO()


@pytest.fixture
def journal(terminal, tmp_path) -> Journal:
    return Journal(terminal, tmp_path / "stack.log")


def test_printed_line_is_in_the_file_with_its_time(journal, terminal, tmp_path) -> None:
    with redirect_stdout(journal):
        sys.stdout.write("deploying… ")
        sys.stdout.write("2.1 s")
        sys.stdout.write("\n")
    journal.write_line("\x1b[31mRunAgentJob failed\x1b[0m", at=1_767_268_800.25)

    assert terminal.getvalue() == "deploying… 2.1 s\n\x1b[31mRunAgentJob failed\x1b[0m\n"
    first, second = (tmp_path / "stack.log").read_text().splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z deploying… 2\.1 s", first)
    assert second == "2026-01-01T12:00:00.250Z RunAgentJob failed"
    assert (tmp_path / "stack.log").stat().st_mode & 0o777 == 0o600


def test_secret_is_shown_by_terminals_only(terminal, journal, tmp_path, monkeypatch) -> None:
    journal.show("in a pipe\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)

    journal.show("on a terminal\n")

    assert terminal.getvalue() == "on a terminal\n"
    assert (tmp_path / "stack.log").read_text() == ""


def test_full_file_is_kept_beside_a_new_one(journal, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    for number in range(5):
        journal.write_line(f"line {number}", at=0)

    assert "line 3" in (tmp_path / "stack.log.1").read_text()
    assert "line 4" in (tmp_path / "stack.log").read_text()


def test_closed_pipe_is_noticed_and_the_file_goes_on(tmp_path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        journal = Journal(pipe, tmp_path / "stack.log")
        journal.write("one\n")
        journal.write("two\n")

    assert journal.is_terminal_gone
    assert "two" in (tmp_path / "stack.log").read_text()
