"""Fork workers from a process that has imported the layer, instead of starting each from scratch.

Most of a cold start is imports that all functions share. A function notices nothing else: it gets
its own environment, folder and import path. Only Linux has process file descriptors; elsewhere
MiniStack starts workers itself.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final, TextIO

from ministack.core import lambda_runtime  # type: ignore[import-not-found]

_PARENT: Final = Path(__file__).with_name("worker_parent.py")
_PACKAGE: Final = "jobs"
_READ_AT_IMPORT: Final = "POWERTOOLS_"  # variables that the layer reads when it is imported
_PID_FILE: Final = "pid"

_parents: Final[dict[tuple[str, ...], "WorkerParent"]] = {}
_starting: Final = Lock()


def fork_workers() -> None:
    if sys.platform == "linux":
        lambda_runtime.subprocess = SimpleNamespace(**vars(subprocess) | {"Popen": start_worker})


def start_worker(command: Sequence[str], **options: Any) -> Any:
    """Start a worker as `Popen` does; write its process id beside its script."""
    environment: Mapping[str, str] = options["env"]
    parent = find_parent(environment)
    if parent and command[-1].endswith("_worker.py"):
        process: Any = parent.fork(command[-1], options["cwd"], environment)
    else:
        process = subprocess.Popen(command, **options)  # noqa: S603 - MiniStack's own command
    Path(command[-1]).with_name(_PID_FILE).write_text(str(process.pid))
    return process


def find_parent(environment: Mapping[str, str]) -> "WorkerParent | None":
    """Return the parent for a function with this environment, or nothing if it has no layer."""
    layers = environment.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep)
    paths = [Path(layer, "python").resolve() for layer in layers]
    path = next((str(each) for each in paths if (each / _PACKAGE).is_dir()), None)
    if not path:
        return None
    variables = {k: v for k, v in environment.items() if k.startswith(_READ_AT_IMPORT)}
    key = (path, *(f"{name}={value}" for name, value in sorted(variables.items())))
    with _starting:
        if key not in _parents or _parents[key].has_ended:
            _parents[key] = WorkerParent(path, variables)
        return _parents[key]


class WorkerParent:
    """A process that has imported a layer, and forks workers."""

    def __init__(self, path: str, variables: Mapping[str, str]) -> None:
        self._lock = Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, _PARENT, str(theirs.fileno()), path, _PACKAGE],
                env={**os.environ, **variables},
                pass_fds=[theirs.fileno()],
            )

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def fork(self, script: str, folder: str, environment: Mapping[str, str]) -> "ForkedWorker":
        with ExitStack() as theirs:
            ours, streams = [], []
            for at_child in (0, 1, 1):  # the end of the pipe that is stdin, stdout, stderr
                pipe = os.pipe()
                streams.append(pipe[at_child])
                ours.append(pipe[1 - at_child])
                theirs.callback(os.close, pipe[at_child])
            request = json.dumps({"script": script, "folder": folder, "env": dict(environment)})
            with self._lock:
                socket.send_fds(self._socket, [request.encode()], streams)
                pid = int(self._socket.recv(32))
        return ForkedWorker(pid, ours)


class ForkedWorker:
    """The part of `Popen` that MiniStack uses."""

    def __init__(self, pid: int, pipes: Sequence[int]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin: TextIO = open(pipes[0], "w", buffering=1)  # noqa: PTH123, SIM115
        self.stdout: TextIO = open(pipes[1])  # noqa: PTH123, SIM115
        self.stderr: TextIO = open(pipes[2])  # noqa: PTH123, SIM115
        self._descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._wait(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("worker", timeout or 0)
        return status

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._descriptor, number)

    def _wait(self, timeout: float | None) -> int | None:
        """Return 0 once the process has ended: only its parent learns its status."""
        if self.returncode is None:
            end = select.poll()
            end.register(self._descriptor, select.POLLIN)
            if end.poll(None if timeout is None else timeout * 1000):
                self.returncode = 0
                os.close(self._descriptor)
        return self.returncode
