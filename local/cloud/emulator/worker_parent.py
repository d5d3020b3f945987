"""Import a layer, then fork a worker at each request.

It runs as a script, with MiniStack's interpreter, and imports nothing of this project.

usage: worker_parent.py SOCKET_FD LAYER_PATH PACKAGE
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

MAX_REQUEST = 1 << 17
STREAMS = 3


def import_layer(path: str, package: str) -> None:
    """Import all of a package; a module that needs another layer is left to its worker."""
    sys.path.insert(0, path)
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        with suppress(ImportError):
            importlib.import_module(module.name)
    sys.path.remove(path)
    importlib.invalidate_caches()


def become_worker(request: dict[str, Any], streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = open(0), open(1, "w")  # noqa: SIM115 - until the process ends
    sys.stderr = open(2, "w", buffering=1)  # noqa: SIM115
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    script = request["script"]
    sys.argv, sys.path[0] = [script], os.path.dirname(script)  # noqa: PTH120
    with open(script) as source:  # noqa: PTH123
        exec(compile(source.read(), script, "exec"), {"__name__": "__main__"})  # noqa: S102


def serve(requests: socket.socket) -> None:
    while True:
        message, streams, _, _ = socket.recv_fds(requests, MAX_REQUEST, STREAMS)
        if not message:
            return
        pid = os.fork()
        if not pid:
            requests.close()
            become_worker(json.loads(message), streams)
            os._exit(0)
        for stream in streams:
            os.close(stream)
        requests.send(str(pid).encode())


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel forgets workers that end
    # The layer's loggers write to the standard output that they find; a worker's is its protocol.
    sys.stdout = sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    import_layer(*sys.argv[2:])
    gc.collect()
    gc.freeze()  # so that forks share memory
    serve(socket.socket(fileno=int(sys.argv[1])))
