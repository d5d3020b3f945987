"""`make up`, as a developer runs it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.kit.network import find_free_port
from local.kit.paths import ROOT
from tests.e2e.api import Api, eventually
from tests.e2e.cloud import processes

START_S = 180
STOP_S = 60


@dataclass
class Terminal:
    """One in which `make up` runs; `said` grows as it prints."""

    process: subprocess.Popen[str]
    port: int
    file: Path
    said: list[str] = field(default_factory=list)

    def until(self, *parts: str, seconds: float = 60) -> str:
        """Wait for a line with all of these in it."""

        def line() -> str | None:
            return next((s for s in [*self.said] if all(part in s for part in parts)), None)

        found = eventually(line, lambda line: line or self.ended, seconds=seconds)
        assert found, "".join(self.said)
        return found

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def description(self) -> Any:
        return json.loads(self.file.read_text())

    @property
    def tree(self) -> dict[int, str]:
        """The processes that it started, and all that they started."""
        found = {self.process.pid: "make"}
        everything = processes()
        while more := {
            pid: command
            for pid, parent, command in everything
            if parent in found and pid not in found
        }:
            found |= more
        return found

    @property
    def up(self) -> int:
        """The process below make."""
        [pid] = [pid for pid, command in self.tree.items() if "-m local.stack.up" in command]
        return pid


@contextmanager
def make_up(folder: Path, port: int | None = None) -> Iterator[Terminal]:
    terminal: Terminal
    port = port or find_free_port()
    file = folder / f"{port}.json"
    env = {k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    process = subprocess.Popen(
        ["make", "up", f"PORT={port}", f"STACK_FILE={file}"],
        cwd=ROOT,
        env=env | {"TMPDIR": str(folder)},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    terminal = Terminal(process, port, file)
    reader = threading.Thread(target=lambda: terminal.said.extend(process.stdout or []))
    reader.start()
    try:
        yield terminal
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_S)
        reader.join(STOP_S)
        for left in folder.glob("sortie-*"):
            shutil.rmtree(left)  # by one that was killed outright
        if process.stdout:
            process.stdout.close()


def listens(url: str) -> bool:
    where = urllib.parse.urlsplit(url)
    with socket.socket() as door:
        return door.connect_ex((where.hostname or "", where.port or 0)) == 0


def docs_key(description: Mapping[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {description['docsAgents']['apiKey']}"}


def test_it_serves_and_shows_what_the_functions_log(tmp_path: Path) -> None:
    with make_up(tmp_path) as terminal:
        url = f"http://127.0.0.1:{terminal.port}"
        assert terminal.until("ready", seconds=START_S) == f"ready {url}\n"
        description = terminal.description
        assert description.keys() == {
            *("stackName", "baseUrl", "webSocketUrl", "awsEndpointUrl", "mqtt"),
            *("messaging", "missions", "docsAgents", "webhooks"),
        }
        assert description["baseUrl"] == url
        api = Api(url, description["messaging"]["apiKey"], "demo")

        job_id = api.create("Good morning")

        assert api.until(job_id)["status"] == "completed"
        for function in ("MessagingCreateJob", "DispatchJobs", "RunAgentJob", "PublishEvents"):
            terminal.until(function, job_id)
        terminal.until("docks", "dock-1: connected")
        answered = api.send("GET", "/v1/agent/x/job/x/stream", headers=docs_key(description))
        assert answered.status == 404
        terminal.until("DocsStreamJob", "404")
        assert "Good morning" not in "".join(terminal.said)


@pytest.mark.parametrize(("sent", "to"), [
    ("SIGINT", "everybody"),  # as Ctrl-C does
    ("SIGTERM", "the stack"),
    ("SIGKILL", "the stack"),
])  # fmt: skip
def test_it_leaves_nothing_however_it_ends(tmp_path: Path, sent: str, to: str) -> None:
    with make_up(tmp_path) as terminal:
        terminal.until("ready", seconds=START_S)
        description = terminal.description
        broker = "mqtts://{host}:{port}".format(**description["mqtt"])
        urls = [description["baseUrl"], description["awsEndpointUrl"], broker]
        assert Api(urls[0], description["messaging"]["apiKey"], "demo").health()["healthy"]
        tree = terminal.tree
        for part in ("_worker.py", "local.devices"):
            assert any(part in command for command in tree.values())

        if to == "everybody":
            os.killpg(terminal.process.pid, signal.Signals[sent])
        else:
            os.kill(terminal.up, signal.Signals[sent])

        status = terminal.process.wait(STOP_S)
        eventually(lambda: tree.keys() & {pid for pid, _, _ in processes()}, lambda left: not left)
        assert not any(map(listens, urls))
        if sent != "SIGKILL":
            assert not [*tmp_path.iterdir()]
            assert "Traceback" not in "".join(terminal.said)
        if sent == "SIGTERM":
            assert status == 0


def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]

        with make_up(tmp_path, port) as terminal:
            status = terminal.process.wait(START_S)
            terminal.until(f"port {port} is taken; try PORT={port + 10} make up")

    assert status != 0
    assert "Traceback" not in "".join(terminal.said)
    assert not terminal.file.exists()


def test_it_listens_on_this_machine_only(stack) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with suppress(OSError):
            probe.connect(("192.0.2.1", 9))
        own = probe.getsockname()[0]
    if own in {"127.0.0.1", "0.0.0.0"}:  # noqa: S104 - compared, not bound
        pytest.skip("this machine has no address but its own")

    broker = f"mqtts://{stack.mqtt.host}:{stack.mqtt.port}"
    for url in (stack.base_url, stack.aws_endpoint_url, broker):
        assert listens(url)
        assert not listens(url.replace("127.0.0.1", own))


def test_functions_share_what_is_unpacked_of_their_code(stack, api) -> None:
    api.create("What do you weigh?")

    who = ("AuthorizeApiKeyFunction", "MessagingCreateJobFunction")
    files = stack.folder / "ministack"
    found = [next(files.glob(f"ministack-lambda-*-{name}-*")) for name in who]
    for name in ("code", "layer_0"):
        assert found[0].joinpath(name).readlink() == found[1].joinpath(name).readlink()
