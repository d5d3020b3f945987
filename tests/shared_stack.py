"""Local stacks that all test processes share.

The process that runs pytest's session owns the stacks. A thread there starts a stack when the first
test of any process asks for it, and stops it when the session ends. A stack also stops when its
owner is killed: it waits for the end of its standard input.

usage: python -m tests.shared_stack calm|fragile|server
"""

import os
import pickle
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Client, Connection, Listener
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final

from local.gateway.websocket import Timeouts
from local.kit.paths import ROOT

if TYPE_CHECKING:
    from local.stack.local_stack import LocalStack
    from local.stack.server_process import ServerStack

ADDRESS: Final = "SORTIE_TEST_STACKS"  # an environment variable: test processes inherit it
STOP_TIMEOUT_S: Final = 60
CALM: Final = "calm"
SERVER: Final = "server"  # the same APIs in one process
FRAGILE: Final = "fragile"  # for tests that break workers, queues and flights: with short timeouts
STACKS: Final[Mapping[str, Mapping[str, Any]]] = {
    CALM: {},
    FRAGILE: {
        "with_docks": False,
        "parameters": {
            "DeviceWaitSeconds": "25",
            "DeviceSilenceSeconds": "5",
            "MaxFlightSeconds": "12",
            "KeepAliveSeconds": "2",
            "TenantShards": "4",
            "Deadlines": "queue",
        },
        "timeouts": Timeouts(idle=8, duration=7200),
    },
}


class Owner:
    """Starts stacks on demand and stops them."""

    def __init__(self) -> None:
        self._listener = Listener(family="AF_UNIX")
        os.environ[ADDRESS] = str(self._listener.address)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._descriptions: dict[str, bytes] = {}
        self._starting = defaultdict[str, Lock](Lock)
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection = self._listener.accept()
            if not (name := connection.recv()):
                connection.close()
                return
            Thread(target=self._describe, args=(connection, name), daemon=True).start()

    def _describe(self, connection: Connection, name: str) -> None:
        with connection, self._starting[name]:
            if name not in self._descriptions:
                self._descriptions[name] = self._start(name)
            connection.send_bytes(self._descriptions[name])

    def _start(self, name: str) -> bytes:
        """Return the pickled stack, or nothing if it does not start."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.shared_stack", name],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers/jobs'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._processes.append(process)
        assert process.stdout
        with process.stdout as description:
            return description.read()

    def stop(self) -> None:
        with Client(os.environ[ADDRESS]) as connection:
            connection.send("")
        self._thread.join()
        self._listener.close()
        for process in self._processes:
            assert process.stdin
            process.stdin.close()
        for process in self._processes:
            process.wait(STOP_TIMEOUT_S)


def find_stack(name: str = CALM) -> "LocalStack":
    """Ask the owner for a stack. Raises `EOFError` if it did not start."""
    stack: LocalStack = _ask_owner(name)
    return stack


def find_server() -> "ServerStack":
    """Ask the owner for the server. Raises `EOFError` if it did not start."""
    server: ServerStack = _ask_owner(SERVER)
    return server


def _ask_owner(name: str) -> Any:
    with Client(os.environ[ADDRESS]) as connection:
        connection.send(name)
        return connection.recv()


@contextmanager
def run(name: str) -> "Iterator[LocalStack | ServerStack]":
    # Both are slow to import, and the owner does not need them.
    from local.kit.run_folder import run_folder  # noqa: PLC0415
    from local.stack.launch import run_stack  # noqa: PLC0415
    from local.stack.server_process import run_server  # noqa: PLC0415

    if name == SERVER:
        with run_folder() as folder, run_server(folder) as (server, _):
            yield server
    else:
        with run_stack(**STACKS[name]) as stack:
            yield replace(stack, processes=())


def main(name: str) -> None:
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the progress is no description
    with run(name) as stack:
        with output:
            pickle.dump(stack, output)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
