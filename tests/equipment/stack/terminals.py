"""A terminal that runs `make up`."""

import json
import os
import signal
import socket
import subprocess
import threading
import urllib.parse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.kit.network import find_free_port
from local.kit.paths import ROOT
from tests.e2e.api import eventually
from tests.e2e.cloud import processes

START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 60
WORKERS = ("worker", "local.devices")


@dataclass
class Terminal:
    """A terminal that runs `make up`; `output` holds the printed lines."""

    process: subprocess.Popen[str]
    port: int
    file: Path
    output: list[str] = field(default_factory=list)

    def wait_for(self, *parts: str, seconds: float = 60) -> str:
        """Wait for a line that contains all of `parts`."""

        def line() -> str | None:
            return next((s for s in [*self.output] if all(part in s for part in parts)), None)

        found = eventually(line, lambda line: line or self.ended, seconds=seconds)
        assert found, "".join(self.output)
        return found

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def description(self) -> Any:
        return json.loads(self.file.read_text())

    @property
    def tree(self) -> dict[int, str]:
        """Return the commands of the process and its descendants by id."""
        tree = {self.process.pid: "make"}
        running = processes()
        while more := {
            pid: command for pid, parent, command in running if parent in tree and pid not in tree
        }:
            tree |= more
        return tree

    @property
    def stack_pid(self) -> int:
        """Return the id of the process below make."""
        [pid] = [pid for pid, command in self.tree.items() if "-m local.stack.up" in command]
        return pid


def is_listening(url: str) -> bool:
    address = urllib.parse.urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((address.hostname or "", address.port or 0)) == 0


def has_left_nothing(tree: dict[int, str], urls: list[str]) -> bool:
    eventually(lambda: tree.keys() & {pid for pid, _, _ in processes()}, lambda left: not left)
    return not any(map(is_listening, urls))


def outside_make() -> dict[str, str]:
    """Return the environment without what a make that runs the tests adds."""
    return {k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}


@contextmanager
def make_up(
    folder: Path,
    port: int | None = None,
    *,
    project: Path = ROOT,
    variables: Iterable[str] = (),
    **environment: str,
) -> Iterator[Terminal]:
    """Run `make up`, with its files in `files` of the folder and its temporary ones in `tmp`."""
    port = port or find_free_port()
    file = folder / "files/stack.json"
    (folder / "tmp").mkdir(exist_ok=True)
    process = subprocess.Popen(
        ["make", "up", f"PORT={port}", f"STACK_FILE={file}", *variables],
        cwd=project,
        env=outside_make() | {"TMPDIR": str(folder / "tmp"), **environment},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    terminal = Terminal(process, port, file)
    reader = threading.Thread(target=lambda: terminal.output.extend(process.stdout or []))
    reader.start()
    try:
        yield terminal
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_TIMEOUT_S)
        reader.join(STOP_TIMEOUT_S)
        if process.stdout:
            process.stdout.close()
