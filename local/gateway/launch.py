"""Run the gateway in a process of its own."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.gateway.server import Upstreams
from local.gateway.websocket import QUOTAS, Timeouts
from local.kit.paths import ROOT
from local.kit.process import Process


@contextmanager
def run_gateway(
    bound: socket.socket, upstreams: Upstreams, folder: Path, timeouts: Timeouts = QUOTAS
) -> Iterator[Process]:
    """Serve on a bound socket until the end of the block.

    The socket closes here, so that the port is closed as soon as the gateway ends.
    """
    options = {
        "--sockets": upstreams.sockets,
        "--docs": upstreams.docs,
        "--messages": upstreams.messages,
        "--sessions": upstreams.sessions,
        "--payers": upstreams.payers,
        "--authorizer": upstreams.authorizer,
    }
    with bound:
        process = Process(
            "the gateway",
            [
                *(sys.executable, "-m", "local.gateway.server", str(bound.fileno()), upstreams.api),
                *(part for name, value in options.items() if value for part in (name, value)),
                *("--idle", str(timeouts.idle), "--duration", str(timeouts.duration)),
            ],
            env={"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers/jobs'}"},
            log=folder / "gateway.log",
            pass_fds=[bound.fileno()],
        )
    with process:
        yield process
