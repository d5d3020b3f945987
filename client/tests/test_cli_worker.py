"""`sortie worker`: the function that it finds, and its end."""

import signal
from threading import Event

import pytest

from client.tests.responses import ok

AGENT = "55555555-5555-4555-8555-555555555555"


@pytest.mark.parametrize(("name", "text"), [
    ("answer", "is not of the form module:function"),
    ("nothing_here:answer", "There is no module nothing_here"),
    ("my_agent:other", "my_agent has no function other"),
    ("my_agent:NUMBER", "my_agent has no function NUMBER"),
])  # fmt: skip
def test_function_that_is_not_there_is_named(sortie, tmp_path, name, text) -> None:
    (tmp_path / "my_agent.py").write_text("NUMBER = 1\n")

    result = sortie("worker", name, "--agent", AGENT)

    assert (result.code, text in result.err) == (2, True), result.err


def test_terminated_worker_ends_with_success(spawn, server, environment, tmp_path) -> None:
    (tmp_path / "my_agent.py").write_text("def answer(question):\n    return question.content\n")
    environment["SORTIE_WORKER_KEY"] = "worker_key"
    asked = Event()
    server.will(lambda _: asked.set() or ok({"jobs": [], "retryAfterSeconds": 60}))
    child = spawn("worker", "my_agent:answer", "--agent", AGENT)
    child.expect("working for")
    assert asked.wait(30)

    child.kill(signal.SIGTERM)
    child.wait()

    assert child.exitstatus == 0
    assert server.headers("Authorization") == ["Bearer worker_key"]
